//! The README against the program.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use finetop::spec::experiment::values::short_number;
use finetop::spec::method::Method;

const BEGIN: &str = "<!-- methods: written by the tests with INSTA_UPDATE=always -->\n";
const END: &str = "<!-- /methods -->";

/// The registry as a table.
fn table() -> String {
    let mut table = String::from("| `method` | in tables | default `lr` | what trains, and where | paper |\n|---|---|---|---|---|\n");
    for about in Method::ALL {
        let (name, short, summary, paper) = (about.name, about.short, about.summary, about.paper);
        writeln!(table, "| `{name}` | {short} | {} | {summary} | {paper} |", short_number(about.learning_rate)).unwrap();
    }
    table
}

#[test]
fn the_table_of_methods_is_that_of_the_registry() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("README.md has a table of methods");
    let (found, after) = rest.split_once(END).expect("the table has an end");
    if found != table() && std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(found, table(), "write it anew with INSTA_UPDATE=always");
}
