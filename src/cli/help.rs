//! What stands below the options in help texts and manual pages: examples first.
//!
//! A line of capitals at the margin is a heading; everything under it is indented by two.

use super::exit::ExitStatus;

/// Below the help of the program itself.
pub(crate) fn overview() -> String {
    format!("{OVERVIEW}\n{FOLDERS}\n{}", ExitStatus::table())
}

const OVERVIEW: &str = "\
EXAMPLES
  See what is wrong with the definitions in ./tools.d, then what they offer:
      tollgate validate-config
      tollgate tools

  Try one of them by hand, then see what was recorded:
      tollgate call echo '{\"text\": \"hello\"}'
      tollgate log

  In the configuration of a desktop client (give whole paths):
      \"command\": \"tollgate\", \"args\": [\"serve\", \"--tools\", \"/home/me/tools.d\"]
";

const FOLDERS: &str = "\
FILES
  Tool definitions are looked for in this order:
      --tools DIR
      $TOLLGATE_TOOLS
      ./tools.d
      $XDG_CONFIG_HOME/tollgate/tools.d, by default ~/.config/tollgate/tools.d

  The ledger is kept in:
      --state DIR
      $TOLLGATE_STATE
      $XDG_STATE_HOME/tollgate, by default ~/.local/state/tollgate
";

/// Below the help of `serve`.
pub(crate) const SERVE: &str = "\
EXAMPLES
  Serve the definitions in ./tools.d:
      tollgate serve

  Answer a recorded conversation and give slow tools a minute to end:
      tollgate serve --drain 1m < conversation.ndjson

  Start only if every definition is sound, and keep reads on the disk too:
      tollgate serve --strict --audit-sync all --tools /etc/tollgate/tools.d

  Keep every event as JSON, in at most ten files of ten megabytes:
      tollgate serve --log-level debug --log-dir /var/log/tollgate
";

/// Below the help of `call`.
pub(crate) const CALL: &str = "\
EXAMPLES
  Call a tool with arguments:
      tollgate call echo '{\"text\": \"hello\"}'

  Take the arguments from a file, and print the whole result:
      tollgate call create_order - --json < order.json

EXIT STATUS
  0 when the tool succeeded, 1 when the call was refused or failed.
";

/// Below the help of `tools`.
pub(crate) const TOOLS: &str = "\
EXAMPLES
  List what a client would see:
      tollgate tools

  Give a program the same list, input schemas included:
      tollgate tools --json
";

/// Below the help of `audit`.
pub(crate) const AUDIT: &str = "\
EXAMPLES
  See whether somebody changed what was recorded:
      tollgate audit verify

  Keep the end of the chain on another machine every hour, and compare:
      tollgate audit anchor | ssh vault 'cat >> anchors'
      ssh vault cat anchors > anchors && tollgate audit verify --anchor anchors

  Keep what happened in the last year, and an export of the rest:
      tollgate audit export > trail-2026.jsonl
      tollgate audit prune --before 365d

  Hand the trail to somebody who does not have the ledger:
      tollgate audit export > trail.jsonl
      tollgate audit verify --file trail.jsonl

EXIT STATUS
  0 when everything is as it was written, 4 when it is not.
";

/// Below the help of `doctor`.
pub(crate) const DOCTOR: &str = "\
EXAMPLES
  Why does the client show no tools?
      tollgate doctor

  In a script that prepares a machine:
      tollgate doctor --json --tools /etc/tollgate/tools.d --state /var/lib/tollgate

EXIT STATUS
  0 when nothing is wrong, 1 when something does not work, 3 when something needs a look.
";

/// Below the help of `stats`.
pub(crate) const STATS: &str = "\
EXAMPLES
  How did it go today?
      tollgate stats --since 24h

  One tool, for a program:
      tollgate stats --tool refund_order --json
";

/// Below the help of `top`.
pub(crate) const TOP: &str = "\
EXAMPLES
  Watch what the clients of this user do:
      tollgate top

  One tool since this morning, every five seconds:
      tollgate top --tool refund_order --since 8h --interval 5s

  One picture for a mail:
      tollgate top --once --since 24h
";

/// Below the help of `report`.
pub(crate) const REPORT: &str = "\
EXAMPLES
  A page about the last week:
      tollgate report --since 168h --html report.html
";

/// Below the help of `metrics`.
pub(crate) const METRICS: &str = "\
EXAMPLES
  For the textfile collector of a node exporter, from a timer:
      tollgate metrics > tollgate.prom.new && mv tollgate.prom.new tollgate.prom
";

/// Below the help of `budget`.
pub(crate) const BUDGET: &str = "\
EXAMPLES
  What is spent and what is left?
      tollgate budget list

  Ten a day for everything that the tool `search` does, whatever is configured:
      tollgate budget set 10 day --tool search

  Let `ann` begin this month anew:
      tollgate budget reset month --principal ann
";

/// Below the help of `breaker`.
pub(crate) const BREAKER: &str = "\
EXAMPLES
  Which backends are left alone?
      tollgate breaker list

  The shop is repaired: let calls through at once
      tollgate breaker reset shop

  Cut it off until somebody says otherwise
      tollgate breaker trip shop
";

/// Below the help of `status`.
pub(crate) const STATUS: &str = "\
EXAMPLES
  In a script that tells somebody:
      tollgate status --json || notify-send tollgate

EXIT STATUS
  0 when all is well, 3 when a person should look at something, 4 when the ledger cannot be
  used, so that nothing with an effect is run.
";

/// Below the help of `ops`.
pub(crate) const OPS: &str = "\
EXAMPLES
  See whether anything waits for a person:
      tollgate ops list

  Have its own tool find out, if the definition says how:
      tollgate ops verify 0198f2c3

  The bank says that the transfer was never made, so it may be made again:
      tollgate ops resolve 0198f2c3 --as not-applied --note \"no such transfer, asked the bank\"

  The server that could not be reached is there again, so let what was done be undone now:
      tollgate ops resume 0198f2c3

EXIT STATUS
  0 when nothing waits for a person, 3 when something does; `verify` ends with 3 when it cannot
  be told, `verify`, `resume` and `resolve` with 2 when there is nothing to do.
";

/// Below the help of `replay-log`.
pub(crate) const REPLAY_LOG: &str = "\
EXAMPLES
  Before a changed folder goes live: which of last week's calls would fare otherwise?
      tollgate replay-log --tools next/tools.d --since 168h

  The same with limits, budgets and repetitions; no program is started:
      tollgate replay-log --tools next/tools.d --since 168h --simulate

  Does the new version of a program answer as the old one did?
      tollgate replay-log --tool lookup_order --since 24h --execute

  Make yesterday's calls a fixture, and answer them with another server:
      tollgate replay-log --since 24h --export calls.ndjson
      tollgate serve --tools next/tools.d --state /tmp/state < calls.ndjson

EXIT STATUS
  0 when no call differs, 1 when one does.
";

/// Below the help of `init`.
pub(crate) const INIT: &str = "\
EXAMPLES
  Begin:
      tollgate init gate
      tollgate validate-config --tools gate/tools.d
";

/// Below the help of `new`.
pub(crate) const NEW: &str = "\
EXAMPLES
  A tool that reads:
      tollgate new file_kind --effect read --description 'Say what kind of file this is.' \\
          -- file --brief -- {path}
";

/// Below the help of `install`.
pub(crate) const INSTALL: &str = "\
EXAMPLES
  See what would change in Claude Desktop's file, then change it, then go back:
      tollgate install claude-desktop --tools tools.d --dry-run
      tollgate install claude-desktop --tools tools.d
      tollgate install claude-desktop --undo

  Offer the tools to everybody who opens this project in Visual Studio Code:
      tollgate install vscode --project --tools tools.d
";

/// Below the help of `explain`.
pub(crate) const EXPLAIN: &str = "\
EXAMPLES
  List the codes, then read about one:
      tollgate explain
      tollgate explain OUTCOME_UNKNOWN

  The same for a finding of `validate-config`:
      tollgate explain --findings
      tollgate explain no-idempotency
";

/// Below the help of `validate-config`.
pub(crate) const VALIDATE_CONFIG: &str = "\
EXAMPLES
  Check ./tools.d:
      tollgate validate-config

  In continuous integration, one line a finding, warnings count too:
      tollgate validate-config --tools deploy/tools.d --format plain --strict

  For code scanning:
      tollgate validate-config --format sarif > findings.sarif

EXIT STATUS
  0 when there is no error, 1 when there is one (with --strict: or a warning), 78 when the
  folder cannot be read.
";

/// Below the help of `lock`.
pub(crate) const LOCK: &str = "\
EXAMPLES
  Approve all definitions in ./tools.d, and keep the file with them:
      tollgate lock

  See what changed since, and approve one change:
      tollgate lock diff
      tollgate lock --update create_order

EXIT STATUS
  0 when it was written, or nothing differs; 1 when a definition has an error, or differs.
";

/// Below the help of `schema`.
pub(crate) const SCHEMA: &str = "\
EXAMPLES
  Keep it beside the definitions:
      tollgate schema > tool.schema.json

  Then begin each definition with this line, which the YAML language server reads:
      # yaml-language-server: $schema=../tool.schema.json

  The same for `tollgate.yaml`:
      tollgate schema config > tollgate.schema.json

  What do the lines of the log hold?
      tollgate schema events
";

/// Below the help of `log`.
pub(crate) const LOG: &str = "\
EXAMPLES
  The last twenty calls:
      tollgate log

  What was refused today, and for which reason:
      tollgate log --outcome refused --since 24h

  Calls that may or may not have happened:
      tollgate log --outcome unknown --limit 100

  What fails, as it happens:
      tollgate log --follow --outcome failed

  One call, whole, and why it fared so; the beginning of its id will do:
      tollgate log show 0199f7a2-51c3-7d1e-8a55-0c1f6be3a9d4
      tollgate log why 0199f7a2-51c3-7d1e-8a55-0c1f6be3a9d4
";

/// Below the help of `completions`.
pub(crate) const COMPLETIONS: &str = "\
EXAMPLES
  For bash:
      tollgate completions bash > ~/.local/share/bash-completion/completions/tollgate

  For zsh, into a folder of $fpath:
      tollgate completions zsh > ~/.zfunc/_tollgate

  For fish:
      tollgate completions fish > ~/.config/fish/completions/tollgate.fish
";

/// Below the help of `man`.
pub(crate) const MAN: &str = "\
EXAMPLES
  Read the main page:
      tollgate man | man -l -

  Install all pages for this user:
      tollgate man --out ~/.local/share/man/man1
";

/// One heading with what stands under it, its indentation of two taken away.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// In capitals.
    pub(crate) heading: String,
    /// As it is to be shown: line breaks and deeper indentation count.
    pub(crate) lines: Vec<String>,
}

/// Takes a text of this file apart, for a page that has its own way to set headings.
pub(crate) fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("  "), sections.last_mut()) {
            (Some(indented), Some(section)) => section.lines.push(indented.to_owned()),
            (None, Some(section)) if line.is_empty() => section.lines.push(String::new()),
            (Some(_) | None, _) => sections.push(Section {
                heading: line.to_owned(),
                lines: Vec::new(),
            }),
        }
    }
    for section in &mut sections {
        while section.lines.last().is_some_and(String::is_empty) {
            section.lines.pop();
        }
    }
    sections
}

#[cfg(test)]
mod tests;
