package hikyaku.server.ops;

import java.io.IOException;
import java.io.OutputStream;

/** What an operation answers. */
public sealed interface AdminResponse {
  /**
   * @param status as in HTTP
   * @param value a record, list or map, to be written as JSON
   */
  record Value(int status, Object value) implements AdminResponse {}

  /**
   * Octets as they are.
   *
   * @param length their number
   */
  record Octets(String contentType, long length, Writer writer) implements AdminResponse {}

  /** Writes the octets, once. */
  @FunctionalInterface
  interface Writer {
    void writeTo(OutputStream out) throws IOException;
  }

  static AdminResponse ok(Object value) {
    return new Value(200, value);
  }

  static AdminResponse created(Object value) {
    return new Value(201, value);
  }

  /** Done, with nothing to say. */
  static AdminResponse done() {
    return new Value(200, java.util.Map.of());
  }
}
