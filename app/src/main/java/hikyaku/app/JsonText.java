package hikyaku.app;

/**
 * JSON as it is written, for lines that are made with each session: a tree of objects first would
 * cost more than all the rest of a line. Text is escaped as by the library that reads it, so that
 * it can be searched for as it stands.
 */
final class JsonText {
  private static final String HEX = "0123456789ABCDEF";

  private final StringBuilder text = new StringBuilder(256);

  /** Whether the next value or key follows another one. */
  private boolean behind;

  /** An object or an array begins. */
  JsonText begin(char bracket) {
    comma();
    text.append(bracket);
    behind = false;
    return this;
  }

  JsonText end(char bracket) {
    text.append(bracket);
    behind = true;
    return this;
  }

  JsonText key(String name) {
    comma();
    string(name);
    text.append(':');
    behind = false;
    return this;
  }

  JsonText value(String value) {
    comma();
    string(value);
    return this;
  }

  JsonText value(long value) {
    comma();
    text.append(value);
    return this;
  }

  JsonText value(double value) {
    if (!Double.isFinite(value)) {
      return value(Double.toString(value));
    }
    comma();
    text.append(value);
    return this;
  }

  JsonText value(boolean value) {
    comma();
    text.append(value);
    return this;
  }

  private void comma() {
    if (behind) {
      text.append(',');
    }
    behind = true;
  }

  private void string(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c >= ' ' && c != '"' && c != '\\') {
        text.append(c);
      } else {
        escape(c);
      }
    }
    text.append('"');
  }

  private void escape(char c) {
    switch (c) {
      case '"', '\\' -> text.append('\\').append(c);
      case '\b' -> text.append("\\b");
      case '\t' -> text.append("\\t");
      case '\n' -> text.append("\\n");
      case '\f' -> text.append("\\f");
      case '\r' -> text.append("\\r");
      default -> text.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
