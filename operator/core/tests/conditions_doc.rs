//! `docs/conditions.md` lists every reason with what it means.

use adops_core::reason::Reason;

#[test]
fn the_page_on_conditions_lists_every_reason_in_the_order_of_need() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conditions.md")).unwrap();
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> =
        Reason::ALL.iter().map(|(reason, meaning)| format!("| `{reason}` | {} |", meaning.trim())).collect();
    assert_eq!(listed, expected);
}
