"""A network in two: a body, and the last layer with what stands around it."""

import torch
from torch import Tensor, fx, nn

from app.ml.graphs import graph_of
from app.ml.networks import head_of


class Halves:
    """body: (N, C, H, W) -> features, without a gradient; tail: features -> logits (N, classes).
    Both share the network's layers. Dropout before the last layer is the tail's."""

    def __init__(self, network: nn.Module) -> None:
        self.head = head_of(network)[1]
        graph = graph_of(network)
        cut = features_in(network, graph)
        self._body = fx.GraphModule(network, graph_until(graph, cut))
        self.tail = fx.GraphModule(network, graph_from(graph, cut))

    def hold(self) -> None:
        """The body as it predicts, the tail as it learns."""
        self._body.eval()
        self.tail.train()

    @torch.no_grad()
    def body(self, x: Tensor) -> Tensor:
        features: Tensor = self._body(x)
        return features


def features_in(network: nn.Module, graph: fx.Graph) -> fx.Node:
    """The step whose output goes into the last layer, dropout aside."""
    layers, (head, _) = dict(network.named_modules()), head_of(network)
    node: fx.Node = next(
        node for node in graph.nodes if node.op == "call_module" and node.target == head
    )
    before: fx.Node = node.all_input_nodes[0]
    while before.op == "call_module" and isinstance(layers[str(before.target)], nn.Dropout):
        before = before.all_input_nodes[0]
    return before


def graph_until(graph: fx.Graph, last: fx.Node) -> fx.Graph:
    part, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in graph.nodes:
        copies[node] = part.node_copy(node, copies.__getitem__)
        if node is last:
            break
    part.output(copies[last])
    return part


def graph_from(graph: fx.Graph, first: fx.Node) -> fx.Graph:
    part = fx.Graph()
    copies = {first: part.placeholder("features")}
    nodes = list(graph.nodes)
    for node in nodes[nodes.index(first) + 1 :]:
        copies[node] = part.node_copy(node, copies.__getitem__)
    return part
