
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'tollgate' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'tollgate'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'tollgate' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Answer an MCP client on standard input and output')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Make one call from the shell')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools that a client would see')
            [CompletionResult]::new('validate-config', 'validate-config', [CompletionResultType]::ParameterValue, 'Check the definitions and say everything that is wrong with them')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Approve the definitions as they are now')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a definition, of the configuration or of the log')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show what was called and what became of it')
            [CompletionResult]::new('replay-log', 'replay-log', [CompletionResultType]::ParameterValue, 'Judge recorded calls by the definitions of today')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Say how often calls succeed, why they do not, and how long they take')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Watch how calls fare, on a terminal')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Write the statistics as one HTML page')
            [CompletionResult]::new('metrics', 'metrics', [CompletionResultType]::ParameterValue, 'Print the statistics in the text format of Prometheus')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Say whether the ledger is as it was written')
            [CompletionResult]::new('budget', 'budget', [CompletionResultType]::ParameterValue, 'Show and change what may be spent')
            [CompletionResult]::new('breaker', 'breaker', [CompletionResultType]::ParameterValue, 'Show and change which backends are left alone')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look for everything that could be wrong, and say the way out')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say whether anything needs a person')
            [CompletionResult]::new('ops', 'ops', [CompletionResultType]::ParameterValue, 'Find operations whose outcome nobody knows, and write down what was found out')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what an error code means and who should do what about it')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make a folder with two tools that work')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Write the definition of one more tool')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Put Tollgate into the configuration of a client')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print or write the manual pages')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;serve' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'Time that running calls get to end when standard input has ended')
            [CompletionResult]::new('--workers', '--workers', [CompletionResultType]::ParameterName, 'Calls that run at the same time')
            [CompletionResult]::new('--page-size', '--page-size', [CompletionResultType]::ParameterName, 'Tools in one page of the tool list [default: all on one page]')
            [CompletionResult]::new('--audit-sync', '--audit-sync', [CompletionResultType]::ParameterName, 'Which rows of the ledger are on the disk before the reply leaves')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name that the server gives itself towards clients [default: that of the configuration, else tollgate]')
            [CompletionResult]::new('--instructions', '--instructions', [CompletionResultType]::ParameterName, 'Text that clients may show the model about this server [default: that of the configuration]')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Least important event that is written')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How events look on standard error')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Write events as JSON into files in this folder as well')
            [CompletionResult]::new('--log-file-bytes', '--log-file-bytes', [CompletionResultType]::ParameterName, 'Size of such a file, in bytes; beyond it another is begun')
            [CompletionResult]::new('--log-files', '--log-files', [CompletionResultType]::ParameterName, 'Most such files; the oldest goes')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse to start without `tools.lock`, and serve only what it approves [default where the file is there]')
            [CompletionResult]::new('--no-lock', '--no-lock', [CompletionResultType]::ParameterName, 'Serve the definitions as they are, whatever was approved')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Refuse to start when any definition has an error')
            [CompletionResult]::new('--no-watch', '--no-watch', [CompletionResultType]::ParameterName, 'Do not reload the definitions when their files change')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;call' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--idempotency-key', '--idempotency-key', [CompletionResultType]::ParameterName, 'Name of the operation: a call with the same name is known as a repetition, one with a new name is run again')
            [CompletionResult]::new('--answers', '--answers', [CompletionResultType]::ParameterName, 'Answers to the tool''s questions: a JSON file, an object of forms by their keys')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Agree to whatever the tool wants confirmed, without being asked')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the whole result as a client would get it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;tools' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Show what this principal sees, without its key')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the tool objects as a client would get them')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;validate-config' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How the findings are written')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Let warnings count as errors, notes never; `--deny-warnings` is the same')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;lock' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--update', '--update', [CompletionResultType]::ParameterName, 'Approve this tool only, as it is now; may be given more than once')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what differs from what was approved; the status is 1 when anything does')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;lock;diff' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;lock;help' {
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what differs from what was approved; the status is 1 when anything does')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;lock;help;diff' {
            break
        }
        'tollgate;lock;help;help' {
            break
        }
        'tollgate;schema' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;log' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'Only calls of this tool')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Only calls made for this principal')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`')
            [CompletionResult]::new('--outcome', '--outcome', [CompletionResultType]::ParameterName, 'Only calls that ended so')
            [CompletionResult]::new('--code', '--code', [CompletionResultType]::ParameterName, 'Only calls with this problem')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Most calls to show')
            [CompletionResult]::new('--oldest-first', '--oldest-first', [CompletionResultType]::ParameterName, 'Print the calls in order of arrival, the first first')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with each call that ends, in any process, until interrupted')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a call')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one call whole')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Say why a call fared as it did, stage by stage')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;log;show' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print it as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;log;why' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print it as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;log;help' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one call whole')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Say why a call fared as it did, stage by stage')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;log;help;show' {
            break
        }
        'tollgate;log;help;why' {
            break
        }
        'tollgate;log;help;help' {
            break
        }
        'tollgate;replay-log' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'Only calls of this tool')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Only calls made for this principal')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Most calls to judge [default: all]')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'Write the calls to FILE as requests that `serve` reads, instead of judging them')
            [CompletionResult]::new('--allow-writes', '--allow-writes', [CompletionResultType]::ParameterName, 'With `--execute`, also calls of this tool, which writes; may be given several times')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a difference, and one with the summary')
            [CompletionResult]::new('--simulate', '--simulate', [CompletionResultType]::ParameterName, 'Take the calls through everything, operations and limits too, at the times when they came, and answer them with what was recorded')
            [CompletionResult]::new('--execute', '--execute', [CompletionResultType]::ParameterName, 'Really make the calls again that were run and read; they are written to the ledger as new')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;stats' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'Only calls of this tool')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Only calls made for this principal')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object, with the calls over time in it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;top' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'Only calls of this tool')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Only calls made for this principal')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'How long to show a picture before the next is made, at least 200ms')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Print one picture as text, and end; needs no terminal')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;report' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'Only calls of this tool')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Only calls made for this principal')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`')
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'File to write; what is there is replaced')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;metrics' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;audit' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Follow the chain from its first event; the status is 4 when it is broken')
            [CompletionResult]::new('anchor', 'anchor', [CompletionResultType]::ParameterValue, 'Print the end of the chain as one line, to be kept where this machine cannot change it')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the whole trail as lines of JSON, which `verify --file` understands')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Take out the calls that ended before a time, with the events that vouch for them')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;audit;verify' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Verify this export instead of a ledger')
            [CompletionResult]::new('--anchor', '--anchor', [CompletionResultType]::ParameterName, 'Lines that `audit anchor` printed; the chain must still contain what they were taken of')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;audit;anchor' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;audit;export' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;audit;prune' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--before', '--before', [CompletionResultType]::ParameterName, 'Calls that ended before then: how long ago, as `400d`, or a time, as `2026-11-23T14:00:00Z`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;audit;help' {
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Follow the chain from its first event; the status is 4 when it is broken')
            [CompletionResult]::new('anchor', 'anchor', [CompletionResultType]::ParameterValue, 'Print the end of the chain as one line, to be kept where this machine cannot change it')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the whole trail as lines of JSON, which `verify --file` understands')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Take out the calls that ended before a time, with the events that vouch for them')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;audit;help;verify' {
            break
        }
        'tollgate;audit;help;anchor' {
            break
        }
        'tollgate;audit;help;export' {
            break
        }
        'tollgate;audit;help;prune' {
            break
        }
        'tollgate;audit;help;help' {
            break
        }
        'tollgate;budget' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the budgets: what is spent, set aside and left, and when they begin anew')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set the limit of a budget; it counts instead of the configured one')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Begin a budget anew, as if nothing had been spent in this period')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;budget;list' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;budget;set' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Who spends it [default: all principals together]')
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'On which tool [default: all tools together]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;budget;reset' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--principal', '--principal', [CompletionResultType]::ParameterName, 'Who spends it [default: all principals together]')
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'On which tool [default: all tools together]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;budget;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the budgets: what is spent, set aside and left, and when they begin anew')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set the limit of a budget; it counts instead of the configured one')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Begin a budget anew, as if nothing had been spent in this period')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;budget;help;list' {
            break
        }
        'tollgate;budget;help;set' {
            break
        }
        'tollgate;budget;help;reset' {
            break
        }
        'tollgate;budget;help;help' {
            break
        }
        'tollgate;breaker' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the breakers: which backends are left alone, and for how long')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Close a breaker and forget the failures')
            [CompletionResult]::new('trip', 'trip', [CompletionResultType]::ParameterValue, 'Cut a backend off until `breaker reset`')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;breaker;list' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;breaker;reset' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;breaker;trip' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;breaker;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the breakers: which backends are left alone, and for how long')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Close a breaker and forget the failures')
            [CompletionResult]::new('trip', 'trip', [CompletionResultType]::ParameterValue, 'Cut a backend off until `breaker reset`')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;breaker;help;list' {
            break
        }
        'tollgate;breaker;help;reset' {
            break
        }
        'tollgate;breaker;help;trip' {
            break
        }
        'tollgate;breaker;help;help' {
            break
        }
        'tollgate;doctor' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the findings as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;status' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON document')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;ops' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List operations that wait for somebody to find out; the status is 3 when there are any')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one operation')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with the steps of an operation that waits for a person')
            [CompletionResult]::new('retry-undo', 'retry-undo', [CompletionResultType]::ParameterValue, 'Go on with the steps of an operation that waits for a person')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Write down what was found out about an operation whose outcome nobody knew')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;ops;list' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--state-is', '--state-is', [CompletionResultType]::ParameterName, 'Operations in these states instead [default: unknown,attention]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object an operation')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;ops;show' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print it as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;ops;verify' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;ops;resume' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;ops;retry-undo' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;ops;resolve' {
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'What really happened; after `not-applied` its key may be used again')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'How that was found out; kept in the audit trail with the number of your user')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'tollgate;ops;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List operations that wait for somebody to find out; the status is 3 when there are any')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one operation')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with the steps of an operation that waits for a person')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Write down what was found out about an operation whose outcome nobody knew')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;ops;help;list' {
            break
        }
        'tollgate;ops;help;show' {
            break
        }
        'tollgate;ops;help;verify' {
            break
        }
        'tollgate;ops;help;resume' {
            break
        }
        'tollgate;ops;help;resolve' {
            break
        }
        'tollgate;ops;help;help' {
            break
        }
        'tollgate;explain' {
            [CompletionResult]::new('--markdown', '--markdown', [CompletionResultType]::ParameterName, 'Print the whole catalogue as Markdown')
            [CompletionResult]::new('--findings', '--findings', [CompletionResultType]::ParameterName, 'The findings of `validate-config` instead of the errors of calls')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;init' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;new' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--description', '--description', [CompletionResultType]::ParameterName, 'What the tool does, for the model [default: asks]')
            [CompletionResult]::new('--effect', '--effect', [CompletionResultType]::ParameterName, 'What the tool does to the world')
            [CompletionResult]::new('--idempotent', '--idempotent', [CompletionResultType]::ParameterName, 'It may simply be run again')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;install' {
            [CompletionResult]::new('--tools', '--tools', [CompletionResultType]::ParameterName, 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the entry')
            [CompletionResult]::new('--command', '--command', [CompletionResultType]::ParameterName, 'Program that the client starts [default: this one]')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The client''s file [default: the one that the client reads for this user]')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Use the client''s file of the project in the current folder')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Replace an entry of this name that says something else')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change and change nothing')
            [CompletionResult]::new('--undo', '--undo', [CompletionResultType]::ParameterName, 'Take the entry out again; byte for byte, where nobody changed the file since')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;man' {
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write all pages into this folder, which must exist, instead of printing the main one')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'tollgate;help' {
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Answer an MCP client on standard input and output')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Make one call from the shell')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools that a client would see')
            [CompletionResult]::new('validate-config', 'validate-config', [CompletionResultType]::ParameterValue, 'Check the definitions and say everything that is wrong with them')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Approve the definitions as they are now')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a definition, of the configuration or of the log')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show what was called and what became of it')
            [CompletionResult]::new('replay-log', 'replay-log', [CompletionResultType]::ParameterValue, 'Judge recorded calls by the definitions of today')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Say how often calls succeed, why they do not, and how long they take')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Watch how calls fare, on a terminal')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Write the statistics as one HTML page')
            [CompletionResult]::new('metrics', 'metrics', [CompletionResultType]::ParameterValue, 'Print the statistics in the text format of Prometheus')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Say whether the ledger is as it was written')
            [CompletionResult]::new('budget', 'budget', [CompletionResultType]::ParameterValue, 'Show and change what may be spent')
            [CompletionResult]::new('breaker', 'breaker', [CompletionResultType]::ParameterValue, 'Show and change which backends are left alone')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look for everything that could be wrong, and say the way out')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say whether anything needs a person')
            [CompletionResult]::new('ops', 'ops', [CompletionResultType]::ParameterValue, 'Find operations whose outcome nobody knows, and write down what was found out')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what an error code means and who should do what about it')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make a folder with two tools that work')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Write the definition of one more tool')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Put Tollgate into the configuration of a client')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print or write the manual pages')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'tollgate;help;serve' {
            break
        }
        'tollgate;help;call' {
            break
        }
        'tollgate;help;tools' {
            break
        }
        'tollgate;help;validate-config' {
            break
        }
        'tollgate;help;lock' {
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what differs from what was approved; the status is 1 when anything does')
            break
        }
        'tollgate;help;lock;diff' {
            break
        }
        'tollgate;help;schema' {
            break
        }
        'tollgate;help;log' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one call whole')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Say why a call fared as it did, stage by stage')
            break
        }
        'tollgate;help;log;show' {
            break
        }
        'tollgate;help;log;why' {
            break
        }
        'tollgate;help;replay-log' {
            break
        }
        'tollgate;help;stats' {
            break
        }
        'tollgate;help;top' {
            break
        }
        'tollgate;help;report' {
            break
        }
        'tollgate;help;metrics' {
            break
        }
        'tollgate;help;audit' {
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Follow the chain from its first event; the status is 4 when it is broken')
            [CompletionResult]::new('anchor', 'anchor', [CompletionResultType]::ParameterValue, 'Print the end of the chain as one line, to be kept where this machine cannot change it')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the whole trail as lines of JSON, which `verify --file` understands')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Take out the calls that ended before a time, with the events that vouch for them')
            break
        }
        'tollgate;help;audit;verify' {
            break
        }
        'tollgate;help;audit;anchor' {
            break
        }
        'tollgate;help;audit;export' {
            break
        }
        'tollgate;help;audit;prune' {
            break
        }
        'tollgate;help;budget' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the budgets: what is spent, set aside and left, and when they begin anew')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Set the limit of a budget; it counts instead of the configured one')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Begin a budget anew, as if nothing had been spent in this period')
            break
        }
        'tollgate;help;budget;list' {
            break
        }
        'tollgate;help;budget;set' {
            break
        }
        'tollgate;help;budget;reset' {
            break
        }
        'tollgate;help;breaker' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the breakers: which backends are left alone, and for how long')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Close a breaker and forget the failures')
            [CompletionResult]::new('trip', 'trip', [CompletionResultType]::ParameterValue, 'Cut a backend off until `breaker reset`')
            break
        }
        'tollgate;help;breaker;list' {
            break
        }
        'tollgate;help;breaker;reset' {
            break
        }
        'tollgate;help;breaker;trip' {
            break
        }
        'tollgate;help;doctor' {
            break
        }
        'tollgate;help;status' {
            break
        }
        'tollgate;help;ops' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List operations that wait for somebody to find out; the status is 3 when there are any')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one operation')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Go on with the steps of an operation that waits for a person')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Write down what was found out about an operation whose outcome nobody knew')
            break
        }
        'tollgate;help;ops;list' {
            break
        }
        'tollgate;help;ops;show' {
            break
        }
        'tollgate;help;ops;verify' {
            break
        }
        'tollgate;help;ops;resume' {
            break
        }
        'tollgate;help;ops;resolve' {
            break
        }
        'tollgate;help;explain' {
            break
        }
        'tollgate;help;init' {
            break
        }
        'tollgate;help;new' {
            break
        }
        'tollgate;help;install' {
            break
        }
        'tollgate;help;completions' {
            break
        }
        'tollgate;help;man' {
            break
        }
        'tollgate;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
