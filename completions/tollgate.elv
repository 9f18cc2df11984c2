
use builtin;
use str;

set edit:completion:arg-completer[tollgate] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'tollgate'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'tollgate'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand serve 'Answer an MCP client on standard input and output'
            cand call 'Make one call from the shell'
            cand tools 'List the tools that a client would see'
            cand validate-config 'Check the definitions and say everything that is wrong with them'
            cand lock 'Approve the definitions as they are now'
            cand schema 'Print the JSON Schema of a definition, of the configuration or of the log'
            cand log 'Show what was called and what became of it'
            cand replay-log 'Judge recorded calls by the definitions of today'
            cand stats 'Say how often calls succeed, why they do not, and how long they take'
            cand top 'Watch how calls fare, on a terminal'
            cand report 'Write the statistics as one HTML page'
            cand metrics 'Print the statistics in the text format of Prometheus'
            cand audit 'Say whether the ledger is as it was written'
            cand budget 'Show and change what may be spent'
            cand breaker 'Show and change which backends are left alone'
            cand doctor 'Look for everything that could be wrong, and say the way out'
            cand status 'Say whether anything needs a person'
            cand ops 'Find operations whose outcome nobody knows, and write down what was found out'
            cand explain 'Say what an error code means and who should do what about it'
            cand init 'Make a folder with two tools that work'
            cand new 'Write the definition of one more tool'
            cand install 'Put Tollgate into the configuration of a client'
            cand completions 'Print a completion script for a shell'
            cand man 'Print or write the manual pages'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;serve'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --key-file 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --drain 'Time that running calls get to end when standard input has ended'
            cand --workers 'Calls that run at the same time'
            cand --page-size 'Tools in one page of the tool list [default: all on one page]'
            cand --audit-sync 'Which rows of the ledger are on the disk before the reply leaves'
            cand --name 'Name that the server gives itself towards clients [default: that of the configuration, else tollgate]'
            cand --instructions 'Text that clients may show the model about this server [default: that of the configuration]'
            cand --log-level 'Least important event that is written'
            cand --log-format 'How events look on standard error'
            cand --log-dir 'Write events as JSON into files in this folder as well'
            cand --log-file-bytes 'Size of such a file, in bytes; beyond it another is begun'
            cand --log-files 'Most such files; the oldest goes'
            cand --locked 'Refuse to start without `tools.lock`, and serve only what it approves [default where the file is there]'
            cand --no-lock 'Serve the definitions as they are, whatever was approved'
            cand --strict 'Refuse to start when any definition has an error'
            cand --no-watch 'Do not reload the definitions when their files change'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;call'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --key-file 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --idempotency-key 'Name of the operation: a call with the same name is known as a repetition, one with a new name is run again'
            cand --answers 'Answers to the tool''s questions: a JSON file, an object of forms by their keys'
            cand --yes 'Agree to whatever the tool wants confirmed, without being asked'
            cand --json 'Print the whole result as a client would get it'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;tools'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --key-file 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]'
            cand --principal 'Show what this principal sees, without its key'
            cand --json 'Print the tool objects as a client would get them'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;validate-config'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --format 'How the findings are written'
            cand --strict 'Let warnings count as errors, notes never; `--deny-warnings` is the same'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;lock'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --update 'Approve this tool only, as it is now; may be given more than once'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand diff 'Show what differs from what was approved; the status is 1 when anything does'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;lock;diff'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;lock;help'= {
            cand diff 'Show what differs from what was approved; the status is 1 when anything does'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;lock;help;diff'= {
        }
        &'tollgate;lock;help;help'= {
        }
        &'tollgate;schema'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;log'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --tool 'Only calls of this tool'
            cand --principal 'Only calls made for this principal'
            cand --since 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`'
            cand --outcome 'Only calls that ended so'
            cand --code 'Only calls with this problem'
            cand --limit 'Most calls to show'
            cand --oldest-first 'Print the calls in order of arrival, the first first'
            cand --follow 'Go on with each call that ends, in any process, until interrupted'
            cand --json 'Print one JSON object a call'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand show 'Show one call whole'
            cand why 'Say why a call fared as it did, stage by stage'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;log;show'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --json 'Print it as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;log;why'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --json 'Print it as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;log;help'= {
            cand show 'Show one call whole'
            cand why 'Say why a call fared as it did, stage by stage'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;log;help;show'= {
        }
        &'tollgate;log;help;why'= {
        }
        &'tollgate;log;help;help'= {
        }
        &'tollgate;replay-log'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --tool 'Only calls of this tool'
            cand --principal 'Only calls made for this principal'
            cand --since 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`'
            cand --limit 'Most calls to judge [default: all]'
            cand --export 'Write the calls to FILE as requests that `serve` reads, instead of judging them'
            cand --allow-writes 'With `--execute`, also calls of this tool, which writes; may be given several times'
            cand --json 'Print one JSON object a difference, and one with the summary'
            cand --simulate 'Take the calls through everything, operations and limits too, at the times when they came, and answer them with what was recorded'
            cand --execute 'Really make the calls again that were run and read; they are written to the ledger as new'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;stats'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --tool 'Only calls of this tool'
            cand --principal 'Only calls made for this principal'
            cand --since 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`'
            cand --json 'Print one JSON object, with the calls over time in it'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;top'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --tool 'Only calls of this tool'
            cand --principal 'Only calls made for this principal'
            cand --since 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`'
            cand --interval 'How long to show a picture before the next is made, at least 200ms'
            cand --once 'Print one picture as text, and end; needs no terminal'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;report'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --tool 'Only calls of this tool'
            cand --principal 'Only calls made for this principal'
            cand --since 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`'
            cand --html 'File to write; what is there is replaced'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;metrics'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;audit'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand verify 'Follow the chain from its first event; the status is 4 when it is broken'
            cand anchor 'Print the end of the chain as one line, to be kept where this machine cannot change it'
            cand export 'Write the whole trail as lines of JSON, which `verify --file` understands'
            cand prune 'Take out the calls that ended before a time, with the events that vouch for them'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;audit;verify'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --file 'Verify this export instead of a ledger'
            cand --anchor 'Lines that `audit anchor` printed; the chain must still contain what they were taken of'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;audit;anchor'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;audit;export'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;audit;prune'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --before 'Calls that ended before then: how long ago, as `400d`, or a time, as `2026-11-23T14:00:00Z`'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;audit;help'= {
            cand verify 'Follow the chain from its first event; the status is 4 when it is broken'
            cand anchor 'Print the end of the chain as one line, to be kept where this machine cannot change it'
            cand export 'Write the whole trail as lines of JSON, which `verify --file` understands'
            cand prune 'Take out the calls that ended before a time, with the events that vouch for them'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;audit;help;verify'= {
        }
        &'tollgate;audit;help;anchor'= {
        }
        &'tollgate;audit;help;export'= {
        }
        &'tollgate;audit;help;prune'= {
        }
        &'tollgate;audit;help;help'= {
        }
        &'tollgate;budget'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the budgets: what is spent, set aside and left, and when they begin anew'
            cand set 'Set the limit of a budget; it counts instead of the configured one'
            cand reset 'Begin a budget anew, as if nothing had been spent in this period'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;budget;list'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --json 'Print one JSON document'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;budget;set'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --principal 'Who spends it [default: all principals together]'
            cand --tool 'On which tool [default: all tools together]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;budget;reset'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --principal 'Who spends it [default: all principals together]'
            cand --tool 'On which tool [default: all tools together]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;budget;help'= {
            cand list 'List the budgets: what is spent, set aside and left, and when they begin anew'
            cand set 'Set the limit of a budget; it counts instead of the configured one'
            cand reset 'Begin a budget anew, as if nothing had been spent in this period'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;budget;help;list'= {
        }
        &'tollgate;budget;help;set'= {
        }
        &'tollgate;budget;help;reset'= {
        }
        &'tollgate;budget;help;help'= {
        }
        &'tollgate;breaker'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the breakers: which backends are left alone, and for how long'
            cand reset 'Close a breaker and forget the failures'
            cand trip 'Cut a backend off until `breaker reset`'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;breaker;list'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --json 'Print one JSON document'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;breaker;reset'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;breaker;trip'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;breaker;help'= {
            cand list 'List the breakers: which backends are left alone, and for how long'
            cand reset 'Close a breaker and forget the failures'
            cand trip 'Cut a backend off until `breaker reset`'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;breaker;help;list'= {
        }
        &'tollgate;breaker;help;reset'= {
        }
        &'tollgate;breaker;help;trip'= {
        }
        &'tollgate;breaker;help;help'= {
        }
        &'tollgate;doctor'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --json 'Print the findings as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;status'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --json 'Print one JSON document'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;ops'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List operations that wait for somebody to find out; the status is 3 when there are any'
            cand show 'Show one operation'
            cand verify 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell'
            cand resume 'Go on with the steps of an operation that waits for a person'
            cand retry-undo 'Go on with the steps of an operation that waits for a person'
            cand resolve 'Write down what was found out about an operation whose outcome nobody knew'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;ops;list'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --state-is 'Operations in these states instead [default: unknown,attention]'
            cand --json 'Print one JSON object an operation'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;ops;show'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --json 'Print it as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;ops;verify'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;ops;resume'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;ops;retry-undo'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;ops;resolve'= {
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --as 'What really happened; after `not-applied` its key may be used again'
            cand --note 'How that was found out; kept in the audit trail with the number of your user'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'tollgate;ops;help'= {
            cand list 'List operations that wait for somebody to find out; the status is 3 when there are any'
            cand show 'Show one operation'
            cand verify 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell'
            cand resume 'Go on with the steps of an operation that waits for a person'
            cand resolve 'Write down what was found out about an operation whose outcome nobody knew'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;ops;help;list'= {
        }
        &'tollgate;ops;help;show'= {
        }
        &'tollgate;ops;help;verify'= {
        }
        &'tollgate;ops;help;resume'= {
        }
        &'tollgate;ops;help;resolve'= {
        }
        &'tollgate;ops;help;help'= {
        }
        &'tollgate;explain'= {
            cand --markdown 'Print the whole catalogue as Markdown'
            cand --findings 'The findings of `validate-config` instead of the errors of calls'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;init'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;new'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --description 'What the tool does, for the model [default: asks]'
            cand --effect 'What the tool does to the world'
            cand --idempotent 'It may simply be run again'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;install'= {
            cand --tools 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user''s configuration directory]'
            cand --config 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]'
            cand --state 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user''s state directory]'
            cand --name 'Name of the entry'
            cand --command 'Program that the client starts [default: this one]'
            cand --file 'The client''s file [default: the one that the client reads for this user]'
            cand --project 'Use the client''s file of the project in the current folder'
            cand --replace 'Replace an entry of this name that says something else'
            cand --dry-run 'Show what would change and change nothing'
            cand --undo 'Take the entry out again; byte for byte, where nobody changed the file since'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;completions'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;man'= {
            cand --out 'Write all pages into this folder, which must exist, instead of printing the main one'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'tollgate;help'= {
            cand serve 'Answer an MCP client on standard input and output'
            cand call 'Make one call from the shell'
            cand tools 'List the tools that a client would see'
            cand validate-config 'Check the definitions and say everything that is wrong with them'
            cand lock 'Approve the definitions as they are now'
            cand schema 'Print the JSON Schema of a definition, of the configuration or of the log'
            cand log 'Show what was called and what became of it'
            cand replay-log 'Judge recorded calls by the definitions of today'
            cand stats 'Say how often calls succeed, why they do not, and how long they take'
            cand top 'Watch how calls fare, on a terminal'
            cand report 'Write the statistics as one HTML page'
            cand metrics 'Print the statistics in the text format of Prometheus'
            cand audit 'Say whether the ledger is as it was written'
            cand budget 'Show and change what may be spent'
            cand breaker 'Show and change which backends are left alone'
            cand doctor 'Look for everything that could be wrong, and say the way out'
            cand status 'Say whether anything needs a person'
            cand ops 'Find operations whose outcome nobody knows, and write down what was found out'
            cand explain 'Say what an error code means and who should do what about it'
            cand init 'Make a folder with two tools that work'
            cand new 'Write the definition of one more tool'
            cand install 'Put Tollgate into the configuration of a client'
            cand completions 'Print a completion script for a shell'
            cand man 'Print or write the manual pages'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'tollgate;help;serve'= {
        }
        &'tollgate;help;call'= {
        }
        &'tollgate;help;tools'= {
        }
        &'tollgate;help;validate-config'= {
        }
        &'tollgate;help;lock'= {
            cand diff 'Show what differs from what was approved; the status is 1 when anything does'
        }
        &'tollgate;help;lock;diff'= {
        }
        &'tollgate;help;schema'= {
        }
        &'tollgate;help;log'= {
            cand show 'Show one call whole'
            cand why 'Say why a call fared as it did, stage by stage'
        }
        &'tollgate;help;log;show'= {
        }
        &'tollgate;help;log;why'= {
        }
        &'tollgate;help;replay-log'= {
        }
        &'tollgate;help;stats'= {
        }
        &'tollgate;help;top'= {
        }
        &'tollgate;help;report'= {
        }
        &'tollgate;help;metrics'= {
        }
        &'tollgate;help;audit'= {
            cand verify 'Follow the chain from its first event; the status is 4 when it is broken'
            cand anchor 'Print the end of the chain as one line, to be kept where this machine cannot change it'
            cand export 'Write the whole trail as lines of JSON, which `verify --file` understands'
            cand prune 'Take out the calls that ended before a time, with the events that vouch for them'
        }
        &'tollgate;help;audit;verify'= {
        }
        &'tollgate;help;audit;anchor'= {
        }
        &'tollgate;help;audit;export'= {
        }
        &'tollgate;help;audit;prune'= {
        }
        &'tollgate;help;budget'= {
            cand list 'List the budgets: what is spent, set aside and left, and when they begin anew'
            cand set 'Set the limit of a budget; it counts instead of the configured one'
            cand reset 'Begin a budget anew, as if nothing had been spent in this period'
        }
        &'tollgate;help;budget;list'= {
        }
        &'tollgate;help;budget;set'= {
        }
        &'tollgate;help;budget;reset'= {
        }
        &'tollgate;help;breaker'= {
            cand list 'List the breakers: which backends are left alone, and for how long'
            cand reset 'Close a breaker and forget the failures'
            cand trip 'Cut a backend off until `breaker reset`'
        }
        &'tollgate;help;breaker;list'= {
        }
        &'tollgate;help;breaker;reset'= {
        }
        &'tollgate;help;breaker;trip'= {
        }
        &'tollgate;help;doctor'= {
        }
        &'tollgate;help;status'= {
        }
        &'tollgate;help;ops'= {
            cand list 'List operations that wait for somebody to find out; the status is 3 when there are any'
            cand show 'Show one operation'
            cand verify 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell'
            cand resume 'Go on with the steps of an operation that waits for a person'
            cand resolve 'Write down what was found out about an operation whose outcome nobody knew'
        }
        &'tollgate;help;ops;list'= {
        }
        &'tollgate;help;ops;show'= {
        }
        &'tollgate;help;ops;verify'= {
        }
        &'tollgate;help;ops;resume'= {
        }
        &'tollgate;help;ops;resolve'= {
        }
        &'tollgate;help;explain'= {
        }
        &'tollgate;help;init'= {
        }
        &'tollgate;help;new'= {
        }
        &'tollgate;help;install'= {
        }
        &'tollgate;help;completions'= {
        }
        &'tollgate;help;man'= {
        }
        &'tollgate;help;help'= {
        }
    ]
    $completions[$command]
}
