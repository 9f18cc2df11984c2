//! Times in the zones of the IANA database, by what is known of them.

use super::*;

#[track_caller]
fn check_time(utc: &str, zone: &str, day: &str, hours: i64, minutes: i64) {
    let at = format!("timestamp('{utc}')");
    let source = format!(
        "string({at}.getFullYear('{zone}')) + '-' + string({at}.getMonth('{zone}') + 1) + '-' \
         + string({at}.getDate('{zone}')) == '{day}' \
         && {at}.getHours('{zone}') == {hours} && {at}.getMinutes('{zone}') == {minutes}"
    );
    check(&source, json!({}), true);
}

#[test]
fn a_clock_is_changed_when_its_country_does_so() {
    check_time("2026-01-01T00:00:00Z", "UTC", "2026-1-1", 0, 0);
    check_time("2026-03-29T00:59:59Z", "Europe/Berlin", "2026-3-29", 1, 59);
    check_time("2026-03-29T01:00:00Z", "Europe/Berlin", "2026-3-29", 3, 0);
    check_time("2026-10-25T00:59:00Z", "Europe/Berlin", "2026-10-25", 2, 59);
    check_time("2026-10-25T01:00:00Z", "Europe/Berlin", "2026-10-25", 2, 0);
    check_time(
        "2026-03-08T06:59:00Z",
        "America/New_York",
        "2026-3-8",
        1,
        59,
    );
    check_time("2026-03-08T07:00:00Z", "America/New_York", "2026-3-8", 3, 0);
    check_time("2026-04-04T16:00:00Z", "Australia/Sydney", "2026-4-5", 2, 0);
    check_time("2026-12-31T23:59:00Z", "Asia/Kathmandu", "2027-1-1", 5, 44);
}

#[test]
fn clocks_of_the_past_and_of_a_century_to_come() {
    check_time("1960-07-01T12:00:00Z", "Europe/Berlin", "1960-7-1", 13, 0);
    check_time("1980-07-01T12:00:00Z", "Europe/Berlin", "1980-7-1", 14, 0);
    check_time("2150-07-01T12:00:00Z", "Europe/Berlin", "2150-7-1", 14, 0);
    check_time("2011-12-30T09:59:00Z", "Pacific/Apia", "2011-12-29", 23, 59);
    check_time("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31", 0, 0);
    check_time("2026-07-01T12:00:00Z", "US/Pacific", "2026-7-1", 5, 0);
}

#[test]
fn an_offset_and_no_zone_is_utc_and_a_name_is_written_as_it_is() {
    check_time("2026-07-01T12:00:00Z", "+05:30", "2026-7-1", 17, 30);
    check_time("2026-07-01T12:00:00Z", "", "2026-7-1", 12, 0);
    for zone in ["europe/berlin", "Europe/Nowhere", "EDT"] {
        let source = format!("now.getHours('{zone}') == 1");
        let error = evaluate(&source, &json!({})).expect_err(zone);
        assert_eq!(
            error,
            RuleError::Failed("`timezone` cannot read its argument".to_owned()),
            "{zone}"
        );
    }
}
