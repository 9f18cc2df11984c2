# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tollgate_global_optspecs
    string join \n h/help V/version
end

function __fish_tollgate_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tollgate_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tollgate_using_subcommand
    set -l cmd (__fish_tollgate_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tollgate -n "__fish_tollgate_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_needs_command" -s V -l version -d 'Print version'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "serve" -d 'Answer an MCP client on standard input and output'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "call" -d 'Make one call from the shell'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "tools" -d 'List the tools that a client would see'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "validate-config" -d 'Check the definitions and say everything that is wrong with them'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "lock" -d 'Approve the definitions as they are now'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "schema" -d 'Print the JSON Schema of a definition, of the configuration or of the log'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "log" -d 'Show what was called and what became of it'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "replay-log" -d 'Judge recorded calls by the definitions of today'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "stats" -d 'Say how often calls succeed, why they do not, and how long they take'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "top" -d 'Watch how calls fare, on a terminal'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "report" -d 'Write the statistics as one HTML page'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "metrics" -d 'Print the statistics in the text format of Prometheus'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "audit" -d 'Say whether the ledger is as it was written'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "budget" -d 'Show and change what may be spent'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "breaker" -d 'Show and change which backends are left alone'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "doctor" -d 'Look for everything that could be wrong, and say the way out'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "status" -d 'Say whether anything needs a person'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "ops" -d 'Find operations whose outcome nobody knows, and write down what was found out'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "explain" -d 'Say what an error code means and who should do what about it'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "init" -d 'Make a folder with two tools that work'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "new" -d 'Write the definition of one more tool'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "install" -d 'Put Tollgate into the configuration of a client'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "man" -d 'Print or write the manual pages'
complete -c tollgate -n "__fish_tollgate_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l key-file -d 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l drain -d 'Time that running calls get to end when standard input has ended' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l workers -d 'Calls that run at the same time' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l page-size -d 'Tools in one page of the tool list [default: all on one page]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l audit-sync -d 'Which rows of the ledger are on the disk before the reply leaves' -r -f -a "writes\t'Calls that change something, and their refusals'
all\t'Every call, reads too'"
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l name -d 'Name that the server gives itself towards clients [default: that of the configuration, else tollgate]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l instructions -d 'Text that clients may show the model about this server [default: that of the configuration]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l log-level -d 'Least important event that is written' -r -f -a "off\t'Nothing'
error\t'What needs a person'
warn\t'What may need one'
info\t'Start, end, reloads'
debug\t'Each call'
trace\t'Each line'"
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l log-format -d 'How events look on standard error' -r -f -a "text\t'For people'
json\t'One JSON object a line, see `tollgate schema events`'"
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l log-dir -d 'Write events as JSON into files in this folder as well' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l log-file-bytes -d 'Size of such a file, in bytes; beyond it another is begun' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l log-files -d 'Most such files; the oldest goes' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l locked -d 'Refuse to start without `tools.lock`, and serve only what it approves [default where the file is there]'
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l no-lock -d 'Serve the definitions as they are, whatever was approved'
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l strict -d 'Refuse to start when any definition has an error'
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -l no-watch -d 'Do not reload the definitions when their files change'
complete -c tollgate -n "__fish_tollgate_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l key-file -d 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l idempotency-key -d 'Name of the operation: a call with the same name is known as a repetition, one with a new name is run again' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l answers -d 'Answers to the tool\'s questions: a JSON file, an object of forms by their keys' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l yes -d 'Agree to whatever the tool wants confirmed, without being asked'
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -l json -d 'Print the whole result as a client would get it'
complete -c tollgate -n "__fish_tollgate_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand tools" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand tools" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand tools" -l key-file -d 'File with the key of the principal to act as, readable by its owner only [default: the key in $TOLLGATE_KEY]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand tools" -l principal -d 'Show what this principal sees, without its key' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand tools" -l json -d 'Print the tool objects as a client would get them'
complete -c tollgate -n "__fish_tollgate_using_subcommand tools" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand validate-config" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand validate-config" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand validate-config" -l format -d 'How the findings are written' -r -f -a "human\t'With the lines in question, for people'
plain\t'One line each, as `FILE:LINE:COLUMN: error: TEXT`'
json\t'One JSON object each'
sarif\t'One SARIF 2.1.0 log, for code scanning'"
complete -c tollgate -n "__fish_tollgate_using_subcommand validate-config" -l strict -d 'Let warnings count as errors, notes never; `--deny-warnings` is the same'
complete -c tollgate -n "__fish_tollgate_using_subcommand validate-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and not __fish_seen_subcommand_from diff help" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and not __fish_seen_subcommand_from diff help" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and not __fish_seen_subcommand_from diff help" -l update -d 'Approve this tool only, as it is now; may be given more than once' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and not __fish_seen_subcommand_from diff help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and not __fish_seen_subcommand_from diff help" -f -a "diff" -d 'Show what differs from what was approved; the status is 1 when anything does'
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and not __fish_seen_subcommand_from diff help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and __fish_seen_subcommand_from diff" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and __fish_seen_subcommand_from diff" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Show what differs from what was approved; the status is 1 when anything does'
complete -c tollgate -n "__fish_tollgate_using_subcommand lock; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l tool -d 'Only calls of this tool' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l principal -d 'Only calls made for this principal' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l since -d 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l outcome -d 'Only calls that ended so' -r -f -a "succeeded\t''
failed\t''
refused\t''
asked\t''
cancelled\t''
timed_out\t''
unknown\t''
rolled_back\t''
needs_attention\t''"
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l code -d 'Only calls with this problem' -r -f -a "VALIDATION_FAILED\t''
NORMALIZATION_REFUSED\t''
RULE_VIOLATION\t''
RULE_ERROR\t''
FORBIDDEN\t''
CAPABILITY_MISSING\t''
CONFIRMATION_REQUIRED\t''
TOOL_DISABLED\t''
TOOL_CHANGED\t''
RATE_LIMITED\t''
OVERLOADED\t''
CIRCUIT_OPEN\t''
SHUTTING_DOWN\t''
BUDGET_EXCEEDED\t''
RETRY_LOOP\t''
IDEMPOTENCY_MISMATCH\t''
IDEMPOTENCY_EXPIRED\t''
IN_PROGRESS\t''
OUTCOME_UNKNOWN\t''
TIMEOUT\t''
CANCELLED\t''
BACKEND_FAILED\t''
BACKEND_UNAVAILABLE\t''
OUTPUT_INVALID\t''
ROLLED_BACK\t''
NEEDS_ATTENTION\t''
STATE_UNAVAILABLE\t''
INTERNAL\t''
INVALID_PARAMS\t''"
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l limit -d 'Most calls to show' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l oldest-first -d 'Print the calls in order of arrival, the first first'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l follow -d 'Go on with each call that ends, in any process, until interrupted'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -l json -d 'Print one JSON object a call'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -a "show" -d 'Show one call whole'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -a "why" -d 'Say why a call fared as it did, stage by stage'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and not __fish_seen_subcommand_from show why help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from show" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from show" -l json -d 'Print it as JSON'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from why" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from why" -l json -d 'Print it as JSON'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one call whole'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from help" -f -a "why" -d 'Say why a call fared as it did, stage by stage'
complete -c tollgate -n "__fish_tollgate_using_subcommand log; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l tool -d 'Only calls of this tool' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l principal -d 'Only calls made for this principal' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l since -d 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l limit -d 'Most calls to judge [default: all]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l export -d 'Write the calls to FILE as requests that `serve` reads, instead of judging them' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l allow-writes -d 'With `--execute`, also calls of this tool, which writes; may be given several times' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l json -d 'Print one JSON object a difference, and one with the summary'
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l simulate -d 'Take the calls through everything, operations and limits too, at the times when they came, and answer them with what was recorded'
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -l execute -d 'Really make the calls again that were run and read; they are written to the ledger as new'
complete -c tollgate -n "__fish_tollgate_using_subcommand replay-log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand stats" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand stats" -l tool -d 'Only calls of this tool' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand stats" -l principal -d 'Only calls made for this principal' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand stats" -l since -d 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand stats" -l json -d 'Print one JSON object, with the calls over time in it'
complete -c tollgate -n "__fish_tollgate_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand top" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand top" -l tool -d 'Only calls of this tool' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand top" -l principal -d 'Only calls made for this principal' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand top" -l since -d 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand top" -l interval -d 'How long to show a picture before the next is made, at least 200ms' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand top" -l once -d 'Print one picture as text, and end; needs no terminal'
complete -c tollgate -n "__fish_tollgate_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand report" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand report" -l tool -d 'Only calls of this tool' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand report" -l principal -d 'Only calls made for this principal' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand report" -l since -d 'Only calls since then: how long ago, as `2h`, or a time, as `2026-11-23T14:00:00Z`' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand report" -l html -d 'File to write; what is there is replaced' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand metrics" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand metrics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and not __fish_seen_subcommand_from verify anchor export prune help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and not __fish_seen_subcommand_from verify anchor export prune help" -f -a "verify" -d 'Follow the chain from its first event; the status is 4 when it is broken'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and not __fish_seen_subcommand_from verify anchor export prune help" -f -a "anchor" -d 'Print the end of the chain as one line, to be kept where this machine cannot change it'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and not __fish_seen_subcommand_from verify anchor export prune help" -f -a "export" -d 'Write the whole trail as lines of JSON, which `verify --file` understands'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and not __fish_seen_subcommand_from verify anchor export prune help" -f -a "prune" -d 'Take out the calls that ended before a time, with the events that vouch for them'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and not __fish_seen_subcommand_from verify anchor export prune help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l file -d 'Verify this export instead of a ledger' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from verify" -l anchor -d 'Lines that `audit anchor` printed; the chain must still contain what they were taken of' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from anchor" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from anchor" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from export" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from prune" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from prune" -l before -d 'Calls that ended before then: how long ago, as `400d`, or a time, as `2026-11-23T14:00:00Z`' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Follow the chain from its first event; the status is 4 when it is broken'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "anchor" -d 'Print the end of the chain as one line, to be kept where this machine cannot change it'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write the whole trail as lines of JSON, which `verify --file` understands'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Take out the calls that ended before a time, with the events that vouch for them'
complete -c tollgate -n "__fish_tollgate_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and not __fish_seen_subcommand_from list set reset help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and not __fish_seen_subcommand_from list set reset help" -f -a "list" -d 'List the budgets: what is spent, set aside and left, and when they begin anew'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and not __fish_seen_subcommand_from list set reset help" -f -a "set" -d 'Set the limit of a budget; it counts instead of the configured one'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and not __fish_seen_subcommand_from list set reset help" -f -a "reset" -d 'Begin a budget anew, as if nothing had been spent in this period'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and not __fish_seen_subcommand_from list set reset help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from list" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from set" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from set" -l principal -d 'Who spends it [default: all principals together]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from set" -l tool -d 'On which tool [default: all tools together]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from reset" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from reset" -l principal -d 'Who spends it [default: all principals together]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from reset" -l tool -d 'On which tool [default: all tools together]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the budgets: what is spent, set aside and left, and when they begin anew'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from help" -f -a "set" -d 'Set the limit of a budget; it counts instead of the configured one'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Begin a budget anew, as if nothing had been spent in this period'
complete -c tollgate -n "__fish_tollgate_using_subcommand budget; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and not __fish_seen_subcommand_from list reset trip help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and not __fish_seen_subcommand_from list reset trip help" -f -a "list" -d 'List the breakers: which backends are left alone, and for how long'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and not __fish_seen_subcommand_from list reset trip help" -f -a "reset" -d 'Close a breaker and forget the failures'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and not __fish_seen_subcommand_from list reset trip help" -f -a "trip" -d 'Cut a backend off until `breaker reset`'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and not __fish_seen_subcommand_from list reset trip help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from list" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from reset" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from trip" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from trip" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the breakers: which backends are left alone, and for how long'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Close a breaker and forget the failures'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from help" -f -a "trip" -d 'Cut a backend off until `breaker reset`'
complete -c tollgate -n "__fish_tollgate_using_subcommand breaker; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand doctor" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand doctor" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand doctor" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand doctor" -l json -d 'Print the findings as JSON'
complete -c tollgate -n "__fish_tollgate_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand status" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand status" -l json -d 'Print one JSON document'
complete -c tollgate -n "__fish_tollgate_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -f -a "list" -d 'List operations that wait for somebody to find out; the status is 3 when there are any'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -f -a "show" -d 'Show one operation'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -f -a "verify" -d 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -f -a "resume" -d 'Go on with the steps of an operation that waits for a person'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -f -a "retry-undo" -d 'Go on with the steps of an operation that waits for a person'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -f -a "resolve" -d 'Write down what was found out about an operation whose outcome nobody knew'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and not __fish_seen_subcommand_from list show verify resume retry-undo resolve help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from list" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from list" -l state-is -d 'Operations in these states instead [default: unknown,attention]' -r -f -a "claimed\t''
running\t''
succeeded\t''
failed\t''
failed_clean\t''
abandoned\t''
unknown\t''
compensating\t''
rolled_back\t''
attention\t''"
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object an operation'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from show" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from show" -l json -d 'Print it as JSON'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from verify" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from verify" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from verify" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resume" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resume" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resume" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from retry-undo" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from retry-undo" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from retry-undo" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from retry-undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resolve" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resolve" -l as -d 'What really happened; after `not-applied` its key may be used again' -r -f -a "succeeded\t''
not-applied\t''
rolled-back\t''"
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resolve" -l note -d 'How that was found out; kept in the audit trail with the number of your user' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from help" -f -a "list" -d 'List operations that wait for somebody to find out; the status is 3 when there are any'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one operation'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from help" -f -a "resume" -d 'Go on with the steps of an operation that waits for a person'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from help" -f -a "resolve" -d 'Write down what was found out about an operation whose outcome nobody knew'
complete -c tollgate -n "__fish_tollgate_using_subcommand ops; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand explain" -l markdown -d 'Print the whole catalogue as Markdown'
complete -c tollgate -n "__fish_tollgate_using_subcommand explain" -l findings -d 'The findings of `validate-config` instead of the errors of calls'
complete -c tollgate -n "__fish_tollgate_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand new" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand new" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand new" -l description -d 'What the tool does, for the model [default: asks]' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand new" -l effect -d 'What the tool does to the world' -r -f -a "read\t'It changes nothing'
write\t'It changes something'
destroy\t'It takes something away'"
complete -c tollgate -n "__fish_tollgate_using_subcommand new" -l idempotent -d 'It may simply be run again'
complete -c tollgate -n "__fish_tollgate_using_subcommand new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l tools -d 'Folder of tool definitions [default: $TOLLGATE_TOOLS, else ./tools.d, else tollgate/tools.d in the user\'s configuration directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l config -d 'Configuration file [default: tollgate.yaml beside the folder of tool definitions, if it is there]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l state -d 'Folder of the ledger [default: $TOLLGATE_STATE, else tollgate in the user\'s state directory]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l name -d 'Name of the entry' -r
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l command -d 'Program that the client starts [default: this one]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l file -d 'The client\'s file [default: the one that the client reads for this user]' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l project -d 'Use the client\'s file of the project in the current folder'
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l replace -d 'Replace an entry of this name that says something else'
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l dry-run -d 'Show what would change and change nothing'
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -l undo -d 'Take the entry out again; byte for byte, where nobody changed the file since'
complete -c tollgate -n "__fish_tollgate_using_subcommand install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand man" -l out -d 'Write all pages into this folder, which must exist, instead of printing the main one' -r -F
complete -c tollgate -n "__fish_tollgate_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "serve" -d 'Answer an MCP client on standard input and output'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "call" -d 'Make one call from the shell'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "tools" -d 'List the tools that a client would see'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "validate-config" -d 'Check the definitions and say everything that is wrong with them'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "lock" -d 'Approve the definitions as they are now'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "schema" -d 'Print the JSON Schema of a definition, of the configuration or of the log'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "log" -d 'Show what was called and what became of it'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "replay-log" -d 'Judge recorded calls by the definitions of today'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "stats" -d 'Say how often calls succeed, why they do not, and how long they take'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "top" -d 'Watch how calls fare, on a terminal'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "report" -d 'Write the statistics as one HTML page'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "metrics" -d 'Print the statistics in the text format of Prometheus'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "audit" -d 'Say whether the ledger is as it was written'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "budget" -d 'Show and change what may be spent'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "breaker" -d 'Show and change which backends are left alone'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "doctor" -d 'Look for everything that could be wrong, and say the way out'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "status" -d 'Say whether anything needs a person'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "ops" -d 'Find operations whose outcome nobody knows, and write down what was found out'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "explain" -d 'Say what an error code means and who should do what about it'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "init" -d 'Make a folder with two tools that work'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "new" -d 'Write the definition of one more tool'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "install" -d 'Put Tollgate into the configuration of a client'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "man" -d 'Print or write the manual pages'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and not __fish_seen_subcommand_from serve call tools validate-config lock schema log replay-log stats top report metrics audit budget breaker doctor status ops explain init new install completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from lock" -f -a "diff" -d 'Show what differs from what was approved; the status is 1 when anything does'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from log" -f -a "show" -d 'Show one call whole'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from log" -f -a "why" -d 'Say why a call fared as it did, stage by stage'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Follow the chain from its first event; the status is 4 when it is broken'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "anchor" -d 'Print the end of the chain as one line, to be kept where this machine cannot change it'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "export" -d 'Write the whole trail as lines of JSON, which `verify --file` understands'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "prune" -d 'Take out the calls that ended before a time, with the events that vouch for them'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from budget" -f -a "list" -d 'List the budgets: what is spent, set aside and left, and when they begin anew'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from budget" -f -a "set" -d 'Set the limit of a budget; it counts instead of the configured one'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from budget" -f -a "reset" -d 'Begin a budget anew, as if nothing had been spent in this period'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from breaker" -f -a "list" -d 'List the breakers: which backends are left alone, and for how long'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from breaker" -f -a "reset" -d 'Close a breaker and forget the failures'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from breaker" -f -a "trip" -d 'Cut a backend off until `breaker reset`'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from ops" -f -a "list" -d 'List operations that wait for somebody to find out; the status is 3 when there are any'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from ops" -f -a "show" -d 'Show one operation'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from ops" -f -a "verify" -d 'Have the tool of an operation find out whether it happened; the status is 3 when it cannot tell'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from ops" -f -a "resume" -d 'Go on with the steps of an operation that waits for a person'
complete -c tollgate -n "__fish_tollgate_using_subcommand help; and __fish_seen_subcommand_from ops" -f -a "resolve" -d 'Write down what was found out about an operation whose outcome nobody knew'
