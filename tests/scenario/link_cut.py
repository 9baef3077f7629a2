"""link_cut.py WORK A B PROXY_PORT TARGET_PORT CONTEXT: see s_link_cut.sh."""
import glob
import os
import sys

import x400test

SIZE = 60000  # octets: fifteen checkpoints of 4 KB
SLACK = 20000  # octets of the two openings, of envelope and wrappers, and of one window that is sent again


def main():
    work, a, b, proxy_port, target_port, context = sys.argv[1:]
    results = x400test.Results("link_cut")
    proxy = x400test.Proxy(int(target_port), int(proxy_port))
    config = os.path.join(work, a, "x400mta.conf")
    inbox = os.path.join(work, b, "jim")

    def contents():
        return sorted(glob.glob(inbox + "/*.content"))

    def transfer(cut_after):
        """One message with the link cut after so many TPKTs of the called side; the connections that it took."""
        before = contents()
        content = os.urandom(SIZE)
        # A new association for each message, so that TPKTs are counted from its beginning.
        x400test.admin(config, "connector.disable", {"name": b})
        x400test.wait_for(lambda: not x400test.admin(config, "associations")[1]["associations"])
        with proxy.lock:
            proxy.connections.clear()
            proxy.cut_after = cut_after
        x400test.send(config, "C=GB;A= ;P=%s;S=ANN" % a, ["C=GB;A= ;P=%s;S=JIM" % b], content, content_type=2)
        x400test.admin(config, "connector.enable", {"name": b})
        arrived = x400test.wait_for(lambda: len(contents()) > len(before))
        x400test.wait_for(lambda: x400test.admin(config, "status")[1]["queued"] == 0)
        new = [path for path in contents() if path not in before]
        whole = len(new) == 1 and open(new[0], "rb").read() == content
        with proxy.lock:
            return arrived, whole, len(new), [dict(c) for c in proxy.connections]

    arrived, whole, _, connections = transfer(None)
    results.check("RT_02 %s: uncut, the message arrives in one association" % context,
                  arrived and whole and len(connections) == 1, repr(connections))
    total = connections[0]["tpkts"] if connections else 0
    results.check("RT_02 %s: the transfer has checkpoints" % context, total >= 10, "%d TPKTs back" % total)
    resumed = cuts = 0
    for cut_after in range(1, total + 1):
        arrived, whole, count, connections = transfer(cut_after)
        sent = sum(c["sent"] for c in connections)
        # How many TPKTs confirmations take depends on how the kernel hands octets up: the last place may not come.
        cut = any(c["cut"] for c in connections)
        short = not cut and len(connections) == 1 and connections[0]["tpkts"] < cut_after
        cuts += cut
        resumed += len(connections) > 1 and sent < SIZE + SLACK and connections[0]["sent"] > 8192
        results.check("RT_02 %s: cut after TPKT %d of the called side: arrives once, whole, not sent anew" %
                      (context, cut_after), arrived and whole and (cut or short) and sent < SIZE + SLACK,
                      "arrived %s whole %s files %d connections %r" % (arrived, whole, count, connections))
    results.check("RT_02 %s: the link was cut at nearly every place" % context, cuts >= total - 3, "%d of %d" % (cuts, total))
    results.check("RT_02 %s: transfers were resumed" % context, resumed >= 8, "%d of %d" % (resumed, total))
    with open(os.path.join(work, b, "events.log"), errors="replace") as log:
        results.check("OP_05 %s: 12008 tells of resumed transfers" % context, " 12008 " in log.read())
    proxy.close()
    results.finish()


main()
