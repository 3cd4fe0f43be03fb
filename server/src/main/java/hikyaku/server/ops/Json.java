package hikyaku.server.ops;

import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** How records are written as JSON: times in ISO 8601, what is empty as null. */
public final class Json {
  /** Refuses properties that it does not know, as a misspelt one must not be passed over. */
  public static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  /** Passes over properties that it does not know: what a newer release says has more. */
  static final JsonMapper LENIENT =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private Json() {}
}
