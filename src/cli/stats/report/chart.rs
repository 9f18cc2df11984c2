//! Drawings: bars of calls over time, and one bar of how calls ended. Numbers and times beside a
//! drawing are text of the page, so that they stay readable however narrow it is drawn.

use std::fmt::Write as _;

use super::{
    super::{Counts, Stats, Tally, Timeline},
    words::thousands,
};
use crate::{base::clock::Timestamp, ledger::record::Outcome};

/// The units of the large drawing, which is stretched to its place.
const WIDTH: u64 = 1000;
const HEIGHT: u64 = 200;
/// The least that is seen of a part that there is.
const PART_MIN: u64 = 3;
/// A drawing has at least so many places, so that a single bar is a moment and not a wall.
const PLACES_MIN: usize = 24;
/// Places and height of a small drawing.
const SPARK_PLACES: usize = 40;
const SPARK_HEIGHT: u64 = 20;
/// Times that may stand below the large one.
const TICKS_MAX: i64 = 7;
/// How far apart those may be, in seconds; beyond the last, multiples of it.
const TICKS_S: [i64; 18] = [
    1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
    604_800,
];

/// Which time a drawing shows: `places` stretches of `width_us` from `from` on.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    from: Timestamp,
    width_us: i64,
    places: usize,
}

impl Frame {
    /// All of it, with something on both sides where it is short.
    pub(super) fn of<T: Tally>(timeline: &Timeline<T>) -> Self {
        let (first, count) = timeline.span();
        let before = i64::try_from(PLACES_MIN.saturating_sub(count) / 2).unwrap_or(0);
        let width_us = timeline.width_us();
        Self {
            from: Timestamp::from_micros(first.as_micros() - before * width_us),
            width_us,
            places: count.max(PLACES_MIN),
        }
    }

    fn us(&self) -> i64 {
        let places = i64::try_from(self.places).unwrap_or(i64::MAX);
        places.saturating_mul(self.width_us)
    }

    /// The same time in few places.
    fn coarse(self) -> Self {
        let joined = self.places.div_ceil(SPARK_PLACES);
        Self {
            width_us: self.width_us * i64::try_from(joined).unwrap_or(1),
            places: self.places.div_ceil(joined),
            ..self
        }
    }
}

/// The colour's name in the style sheet.
pub(super) fn colour(word: &str) -> &str {
    match word {
        "succeeded" | "refused" | "failed" | "cancelled" | "timed_out" | "unknown" | "running" => {
            word
        }
        _ => "other",
    }
}

/// What there is of each outcome, in a fixed order; what there is none of is left out.
pub(super) fn parts(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    let ended = Outcome::ALL
        .iter()
        .map(|outcome| (outcome.as_str(), counts.of(*outcome)));
    let running = std::iter::once(("running", counts.running()));
    ended.chain(running).filter(|(_, count)| *count > 0)
}

/// How many of each, in words.
fn in_words(counts: &Counts) -> String {
    let told: Vec<String> = parts(counts)
        .map(|(word, count)| format!("{} {}", thousands(count), word.replace('_', " ")))
        .collect();
    told.join(", ")
}

/// One bar whose parts are as long as their shares.
pub(super) fn bar(counts: &Counts) -> String {
    let total = counts.total().max(1);
    let told = in_words(counts);
    let mut bar =
        format!("<div class=\"bar\" role=\"img\" aria-label=\"{told}\" title=\"{told}\">");
    for (word, count) in parts(counts) {
        let _infallible = write!(
            bar,
            "<i style=\"width:{}%;background:var(--{})\"></i>",
            decimal(count * 100_000 / total),
            colour(word),
        );
    }
    bar.push_str("</div>");
    bar
}

/// One bar that is filled up to `percent`.
pub(super) fn filled(percent: u64, colour: &str) -> String {
    format!(
        "<div class=\"bar\"><i style=\"width:{}%;background:var(--{colour})\"></i></div>",
        percent.min(100)
    )
}

/// Calls over time, one stacked bar for each stretch.
pub(super) fn timeline(stats: &Stats, frame: Frame) -> String {
    let tallies = stats.timeline.within(frame.from, frame.width_us);
    let highest = tallies.values().map(Counts::total).max().unwrap_or(0);
    let top = round_up(highest);
    let mut figure = format!(
        "<figure class=\"chart\" role=\"img\" aria-label=\"calls over time: {}\">\n<div class=\"scale\">",
        in_words(&stats.all.counts)
    );
    for label in [top, top / 2, 0] {
        let _infallible = write!(figure, "<span>{}</span>", thousands(label));
    }
    let _infallible = writeln!(
        figure,
        "</div>\n<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    );
    for y in [0, HEIGHT / 2, HEIGHT] {
        let _infallible = writeln!(
            figure,
            "<line x1=\"0\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>"
        );
    }
    for (place, counts) in &tallies {
        column(&mut figure, frame, *place, top, counts);
    }
    figure.push_str("</svg>\n");
    ticks(&mut figure, frame);
    figure.push_str("</figure>\n");
    figure
}

/// The least number from `number` on that is easily halved: 2, 4, 6, 8, 10, 20, 40 ...
fn round_up(number: u64) -> u64 {
    let mut unit: u64 = 1;
    while number > unit.saturating_mul(10) {
        unit = unit.saturating_mul(10);
    }
    let steps = [2, 4, 6, 8, 10];
    let fitting = steps.iter().map(|step| unit.saturating_mul(*step));
    fitting.clone().find(|top| *top >= number).unwrap_or(number)
}

/// One stacked bar.
fn column(svg: &mut String, frame: Frame, place: usize, top: u64, counts: &Counts) {
    let places = frame.places as u64;
    let begins = frame.from.as_micros() + place as i64 * frame.width_us;
    let begins = Timestamp::from_micros(begins).written("%-d %b %H:%M:%S");
    let _infallible = write!(svg, "<g><title>{begins}: {}</title>", in_words(counts));
    let mut y = HEIGHT * 1000;
    for (word, count) in parts(counts) {
        let height = (count * HEIGHT * 1000 / top.max(1)).max(PART_MIN * 1000);
        y = y.saturating_sub(height);
        let _infallible = write!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"var(--{})\"/>",
            decimal(place as u64 * WIDTH * 1000 / places),
            decimal(y),
            decimal(WIDTH * 850 / places),
            decimal(height),
            colour(word),
        );
    }
    svg.push_str("</g>\n");
}

/// The times below.
fn ticks(figure: &mut String, frame: Frame) {
    const SECOND_US: i64 = 1_000_000;
    let fits = |step: i64| frame.us() / (step * SECOND_US) <= TICKS_MAX;
    let [.., longest] = TICKS_S;
    let step = TICKS_S
        .iter()
        .copied()
        .find(|step| fits(*step))
        .unwrap_or_else(|| longest * (frame.us() / (longest * SECOND_US * TICKS_MAX) + 1));
    let pattern = match step {
        ..60 => "%H:%M:%S",
        60..86_400 => "%H:%M",
        _ => "%-d %b",
    };
    let step = step * SECOND_US;
    figure.push_str("<div class=\"ticks\">");
    let mut at = (frame.from.as_micros().div_euclid(step) + 1) * step;
    loop {
        let permyriad = (at - frame.from.as_micros()) * 10_000 / frame.us().max(1);
        // One at the very end would be cut off.
        if permyriad > 9_400 {
            break;
        }
        if permyriad >= 600 {
            let _infallible = write!(
                figure,
                "<span style=\"left:{}.{:02}%\">{}</span>",
                permyriad / 100,
                permyriad % 100,
                Timestamp::from_micros(at).written(pattern)
            );
        }
        at += step;
    }
    figure.push_str("</div>\n");
}

/// A small drawing of what `parts` gives of each tally: heights, from the bottom up, and the
/// names of their colours.
pub(super) fn spark<T: Tally, const N: usize>(
    timeline: &Timeline<T>,
    frame: Frame,
    colours: [&str; N],
    parts: impl Fn(&T) -> [u32; N],
) -> String {
    let frame = frame.coarse();
    let tallies = timeline.within(frame.from, frame.width_us);
    let sum = |tally: &T| {
        parts(tally)
            .iter()
            .map(|part| u64::from(*part))
            .sum::<u64>()
    };
    let highest = tallies.values().map(sum).max().unwrap_or(0).max(1);
    let mut paths = colours.map(|_| String::new());
    for (place, tally) in &tallies {
        let mut bottom = SPARK_HEIGHT * 1000;
        for (path, part) in paths.iter_mut().zip(parts(tally)) {
            if part == 0 {
                continue;
            }
            let height = u64::from(part) * SPARK_HEIGHT * 1000 / highest;
            let height = height.max(1500).min(bottom);
            let _infallible = write!(
                path,
                "M{place} {}h.8v-{}h-.8z",
                decimal(bottom),
                decimal(height)
            );
            bottom -= height;
        }
    }
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {} {SPARK_HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        frame.places
    );
    for (colour, path) in colours.iter().zip(paths) {
        if !path.is_empty() {
            let _infallible = write!(svg, "<path fill=\"var(--{colour})\" d=\"{path}\"/>");
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Thousandths as a decimal number.
fn decimal(thousandths: u64) -> String {
    let told = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    told.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (number, top) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (7, 8),
            (9, 10),
            (11, 20),
            (63, 80),
            (999, 1000),
        ] {
            assert_eq!(round_up(number), top, "{number}");
        }
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_decimal_is_as_short_as_it_can_be() {
        for (thousandths, told) in [(0, "0"), (1500, "1.5"), (20_000, "20"), (7, "0.007")] {
            assert_eq!(decimal(thousandths), told);
        }
    }
}
