package hikyaku.server.ops;

import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * An operation that is asked for.
 *
 * @param method {@code GET}, {@code POST}, {@code PUT} or {@code DELETE}
 * @param path its parts, already decoded
 * @param query parameters, already decoded
 * @param body what came with it; empty if nothing did
 */
public record AdminRequest(
    String method, List<String> path, Map<String, String> query, InputStream body) {
  /** Octets that a body of JSON may have. 1 MiB: an alias of 500 addresses fits many times. */
  static final int MAX_JSON = 1024 * 1024;

  public AdminRequest {
    path = List.copyOf(path);
    query = Map.copyOf(query);
  }

  public static AdminRequest of(String method, String... path) {
    return new AdminRequest(method, List.of(path), Map.of(), InputStream.nullInputStream());
  }

  String part(int index) {
    return path.get(index);
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(query.get(name)).filter(value -> !value.isEmpty());
  }

  /** A whole number, at least 0. */
  long number(String name, long otherwise) throws AdminException {
    String text = query.get(name);
    if (text == null) {
      return otherwise;
    }
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw AdminException.badRequest(name + " must be a number, not \"" + text + "\"");
    }
  }

  /** The body as a JSON object. */
  JsonNode json() throws AdminException {
    try {
      byte[] octets = body.readNBytes(MAX_JSON + 1);
      if (octets.length > MAX_JSON) {
        throw AdminException.badRequest("the body is larger than " + MAX_JSON + " octets");
      }
      JsonNode node = Json.MAPPER.readTree(octets);
      if (!node.isObject()) {
        throw AdminException.badRequest("the body must be a JSON object");
      }
      return node;
    } catch (JacksonException e) {
      throw AdminException.badRequest("the body is not JSON");
    } catch (java.io.IOException e) {
      throw AdminException.badRequest("the body did not arrive whole");
    }
  }

  /** The body as a JSON object for this record. */
  <T> T json(Class<T> type) throws AdminException {
    try {
      return Json.MAPPER.treeToValue(json(), type);
    } catch (JacksonException e) {
      throw AdminException.badRequest("the body does not fit: " + e.getOriginalMessage());
    }
  }
}
