"""mutate.py NAME SOURCES OUT: writes one of the agent's files with a bug put in on purpose to OUT and prints the
file's name. Without arguments: the names. Each mutation replaces a text that must be there exactly once, so that a
change of the agent that touches it is noticed here."""
import sys

MUTATIONS = [
    ("lost-confirm", "a repeat is dropped and not confirmed", "transfer_in.c",
     "        confirm(transfer);\n    /* else it was resumed",
     "        verdict == INTAKE_REPEAT ? (void)0 : confirm(transfer);\n    /* else it was resumed"),
    ("double-delete", "an entry is deleted twice", "work.c",
     "    store_txn_delete_entry(work->txn, entry->id);\n",
     "    store_txn_delete_entry(work->txn, entry->id);\n    store_txn_delete_entry(work->txn, entry->id);\n"),
    ("message-goes-early", "a message goes with its last entry but one", "queue.c",
     "return shared->leaving_count == shared->entries;", "return shared->leaving_count + 1 >= shared->entries;"),
    ("timer-not-armed", "no timer for the next open retry", "connector.c",
     "    timers_arm(agent_timers(agent), &connector->retry, agent_now(agent) + TIME_SECONDS(seconds));\n    char",
     "    char"),
    ("entry-not-given-back", "the entry of a transfer that was not resumed in time stays busy", "transfer_out.c",
     "    queue_give_back(transfer->entry, 0); /* from the start, as soon as there is an association */\n", ""),
    ("confirm-before-commit", "a transfer is confirmed when it came, not when it is durable", "transfer_in.c",
     "    transfer->in_intake = true;\n",
     "    transfer->in_intake = true;\n    if (transfer->association)\n"
     "        osi_stack_transfer_accept(transfer->association->stack, agent_now(transfer->agent));\n"),
    ("mark-not-stored", "a repeat is recognised until a restart only", "work.c",
     "    store_txn_put_mark(work->txn, digest, agent_utc(work->agent));\n", ""),
    ("recipients-lost-on-reroute", "a rerouted entry keeps its first recipient", "trouble.c",
     "hop->recipients, report ? 0 : hop->count);", "hop->recipients, report ? 0 : 1);"),
    ("retry-without-delay", "a failed transfer is repeated at once", "trouble.c",
     "    utc_time_t due = agent_utc(agent) + TIME_SECONDS((int64_t)seconds);\n",
     "    utc_time_t due = agent_utc(agent) + (seconds ? 0 : 1);\n"),
    ("wrong-responsibility", "every next hop answers for all recipients", "transfer_out.c",
     "bool ours = queue_entry_has(transfer->entry, i, x411_responsible(&recipient));",
     "bool ours = x411_responsible(&recipient);"),
    ("connection-not-released", "a connection that never opened stays", "association.c",
     "    if (association->conn)\n        net_conn_close(association->conn, linger);\n",
     "    if (association->conn && association->since)\n        net_conn_close(association->conn, linger);\n"),
    ("mailbox-retry-not-armed", "a mailbox that could not be written is not tried again", "delivery.c",
     "    timers_arm(agent_timers(agent), &mailbox->retry, agent_now(agent) + TIME_SECONDS(RETRY_SECONDS));\n", ""),
    ("interrupted-not-unlinked", "a transfer that is freed stays in a list", "transfer_in.c",
     "    if (transfer->interrupted)\n        unlink_interrupted(transfer);\n", ""),
]


def main():
    if len(sys.argv) == 1:
        for name, what, *_ in MUTATIONS:
            print(name, what)
        return 0
    for name, _, file, old, new in MUTATIONS:
        if name == sys.argv[1]:
            with open(f"{sys.argv[2]}/{file}", encoding="utf-8") as source:
                text = source.read()
            if text.count(old) != 1:
                print(f"mutate.py: {name}: the text to be replaced is {text.count(old)} times in {file}",
                      file=sys.stderr)
                return 1
            with open(sys.argv[3], "w", encoding="utf-8") as out:
                out.write(text.replace(old, new))
            print(file)
            return 0
    print(f"mutate.py: there is no mutation {sys.argv[1]}", file=sys.stderr)
    return 1


sys.exit(main())
