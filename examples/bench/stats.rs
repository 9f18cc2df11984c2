//! Percentiles, medians, and what Linux knows about a process.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

/// The value below which `percent` of `sorted` lie (nearest rank); zero for no values.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// The middle of `values`, or the mean of the two in the middle; zero for no values.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (
        values.len() % 2,
        values.get(middle.wrapping_sub(1)),
        values.get(middle),
    ) {
        (0, Some(low), Some(high)) => f64::midpoint(*low, *high),
        (_, _, Some(one)) => *one,
        (_, _, None) => 0.0,
    }
}

/// Microseconds of processor time in a `/proc/PID/stat` (proc_pid_stat(5), utime and stime).
/// The kernel counts there in hundredths of a second on every machine.
pub(crate) fn cpu_us(stat: &str) -> Result<u64> {
    let (_, fields) = stat
        .rsplit_once(')')
        .context("no end of the program's name")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (ticks.next(), ticks.next());
    let user = user.context("no utime")??;
    let system = system.context("no stime")??;
    Ok((user + system) * 10_000)
}

/// The largest resident memory so far in a `/proc/PID/status` (VmHWM), in KiB.
pub(crate) fn peak_rss_kib(status: &str) -> Result<u64> {
    kib(status, "VmHWM:")
}

/// The resident memory now in a `/proc/PID/status` (VmRSS), in KiB.
pub(crate) fn rss_kib(status: &str) -> Result<u64> {
    kib(status, "VmRSS:")
}

fn kib(status: &str, name: &str) -> Result<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .with_context(|| format!("no {name}"))?;
    let number = line.trim().strip_suffix(" kB").context("no unit")?;
    Ok(number.parse()?)
}

/// The bytes of all files in `folder` and below.
pub(crate) fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&values, 50), 50);
        assert_eq!(percentile(&values, 99), 99);
        assert_eq!(percentile(&values, 100), 100);
        assert_eq!(percentile(&[7], 50), 7);
        assert_eq!(percentile(&[1, 9], 99), 9);
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn medians_are_of_the_middle() {
        let check = |values: &[f64], expected: &str| {
            assert_eq!(format!("{}", median(values.to_vec())), expected);
        };
        check(&[], "0");
        check(&[3.0], "3");
        check(&[9.0, 1.0, 4.0], "4");
        check(&[9.0, 1.0, 4.0, 6.0], "5");
    }

    #[test]
    fn processor_time_is_read_past_a_name_with_blanks_and_brackets() {
        let stat = "12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 25 17 0 0 20 0 1";
        assert_eq!(cpu_us(stat).unwrap(), 420_000);
        assert!(cpu_us("12 (a) S 1").is_err());
    }

    #[test]
    fn memory_is_the_peak_or_what_is_there() {
        let status = "Name:\ta\nVmPeak:\t  900 kB\nVmHWM:\t    5948 kB\nVmRSS:\t 12 kB\n";
        assert_eq!(peak_rss_kib(status).unwrap(), 5948);
        assert_eq!(rss_kib(status).unwrap(), 12);
        assert!(peak_rss_kib("Name:\ta\n").is_err());
    }

    #[test]
    fn a_folder_is_as_large_as_its_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("below")).unwrap();
        fs::write(dir.path().join("a"), "12345").unwrap();
        fs::write(dir.path().join("below/b"), "123").unwrap();
        assert_eq!(folder_bytes(dir.path()).unwrap(), 8);
    }
}
