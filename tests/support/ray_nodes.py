"""A Ray cluster of several machines in one, which serves the scripted model.

    python -m tests.support.ray_nodes PORT

Prints `ready` when it answers. `kill` on stdin ends a machine and everything on it; the end of
stdin ends all.
"""

import sys

from chatbot.cluster.app import build
from chatbot.cluster.joining import proxied, ray_library

MEMORY = 80 * 2**20
"""Bytes of each machine's object store, the least that Ray takes."""


def main(port: int) -> None:
    ray = ray_library(at_home=True)
    from ray import serve
    from ray.cluster_utils import Cluster

    with proxied():
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": MEMORY}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        nodes = [cluster.add_node(num_cpus=1, object_store_memory=MEMORY) for _ in range(2)]
    try:
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        # Proxies of all "machines" would share the port, and some clients be on the one that dies.
        serve.start("HeadOnly", http_options={"host": "127.0.0.1", "port": port})
        asked = {"model": "scripted", "least": 2, "most": 2, "answers": 20}
        serve.run(build(asked), name="chatbot", route_prefix="/")
        print("ready", flush=True)
        for line in sys.stdin:
            if line.strip() == "kill":
                cluster.remove_node(nodes.pop(), allow_graceful=False)
                print("killed", flush=True)
        serve.shutdown()
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
