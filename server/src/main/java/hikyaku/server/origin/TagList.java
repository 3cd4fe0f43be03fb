package hikyaku.server.origin;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Tags with their values (RFC 6376 §3.2), as keys, signatures, seals and policies have them. Values
 * are without white space at either end. An empty tag is skipped.
 */
record TagList(SequencedMap<String, String> tags) {

  /**
   * @throws BadRecordException if it is none, or names a tag twice
   */
  static TagList parse(String text) throws BadRecordException {
    SequencedMap<String, String> tags = new LinkedHashMap<>();
    int at = 0;
    while (at < text.length()) {
      int semicolon = text.indexOf(';', at);
      int end = semicolon < 0 ? text.length() : semicolon;
      String tag = Text.trim(text.substring(at, end));
      at = end + 1;
      if (tag.isEmpty()) {
        continue;
      }
      int equals = tag.indexOf('=');
      String name = equals < 0 ? "" : Text.trim(tag.substring(0, equals));
      if (!isName(name)) {
        throw new BadRecordException("not a list of tags");
      }
      if (tags.putIfAbsent(name, Text.trim(tag.substring(equals + 1))) != null) {
        throw new BadRecordException("a tag stands twice");
      }
    }
    return new TagList(tags);
  }

  private static boolean isName(String name) {
    return !name.isEmpty()
        && Text.isAlpha(name.charAt(0))
        && name.chars().allMatch(c -> Text.isAlpha(c) || Text.isDigit(c) || c == '_');
  }

  @Nullable String get(String name) {
    return tags.get(name);
  }

  String get(String name, String otherwise) {
    return tags.getOrDefault(name, otherwise);
  }

  /** A tag that has to be there. */
  String need(String name) throws BadRecordException {
    String value = tags.get(name);
    if (value == null || value.isEmpty()) {
      throw new BadRecordException("no " + name + " tag");
    }
    return value;
  }

  /** Whether the first tag of all is this one, with this value. */
  boolean beginsWith(String name, String value) {
    return !tags.isEmpty()
        && tags.firstEntry().getKey().equals(name)
        && tags.firstEntry().getValue().equals(value);
  }
}
