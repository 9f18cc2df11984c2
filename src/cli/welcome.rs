//! What a person sees who types `tollgate` and nothing else.

/// For a terminal, where waiting for JSON-RPC would look like hanging.
pub(crate) const WELCOME: &str = "\
Tollgate is an MCP server: a client starts it and speaks JSON-RPC with it. It lets a language
model use the tools that you declare in a folder, checks every call, and records what was done.

  tollgate init              make a folder with two tools that work
  tollgate validate-config   check the definitions in ./tools.d
  tollgate tools             list what a client would see
  tollgate call TOOL JSON    make one call by hand
  tollgate log               see what was called and what became of it
  tollgate install CLIENT    put it into the file of a desktop client
  tollgate serve             answer a client (here: you, one JSON-RPC message a line)

`tollgate help COMMAND` says more about each.
";
