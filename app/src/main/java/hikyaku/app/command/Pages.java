package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Failure;
import hikyaku.server.ops.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** Lists that come in pages. */
final class Pages {
  private Pages() {}

  /**
   * Asks until there is no more.
   *
   * @param key the property of an element that the next page starts behind
   */
  static ArrayNode all(Door door, Door.Call call, String key) throws Failure {
    ArrayNode all = Json.MAPPER.createArrayNode();
    JsonNode page = door.call(call);
    while (!page.isEmpty()) {
      page.forEach(all::add);
      page = door.call(call.with("after", page.get(page.size() - 1).get(key).asString()));
    }
    return all;
  }
}
