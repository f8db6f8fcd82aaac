export class HostileCoalition {
  constructor(..._: any[]) {}
  start(swarm: any, node: any, transport: any) {
    return swarm.participate(node, transport, node.disk);
  }
}
