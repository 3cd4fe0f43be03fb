package hikyaku.protocol.mime;

/**
 * A subject without what replies and forwards put around it (RFC 5256 §2.1), in time linear in its
 * length.
 *
 * @param text what is left, its case kept
 * @param replyOrForward whether what was taken off marks a reply or a forward (§3, REFERENCES, step
 *     5); a list's name in brackets does not
 */
public record BaseSubject(String text, boolean replyOrForward) {
  private static final String FORWARDED_TRAILER = "(fwd)";
  private static final String FORWARDED_HEADER = "[fwd:";

  /**
   * @param subject Unicode, its encoded-words decoded
   */
  public static BaseSubject of(String subject) {
    Stripper stripper = new Stripper(spaced(subject));
    stripper.run();
    return new BaseSubject(stripper.rest(), stripper.replyOrForward);
  }

  /** Step 1: white space of any length is one space. */
  private static String spaced(String subject) {
    if (isSpaced(subject)) {
      return subject;
    }
    StringBuilder spaced = new StringBuilder(subject.length());
    for (int at = 0; at < subject.length(); at++) {
      char next = subject.charAt(at);
      boolean space = next == ' ' || next == '\t' || next == '\r' || next == '\n';
      if (!space) {
        spaced.append(next);
      } else if (spaced.isEmpty() || spaced.charAt(spaced.length() - 1) != ' ') {
        spaced.append(' ');
      }
    }
    return spaced.toString();
  }

  /** Whether that changes nothing, as with nearly every subject. */
  private static boolean isSpaced(String subject) {
    return !subject.contains("  ")
        && subject.indexOf('\t') < 0
        && subject.indexOf('\r') < 0
        && subject.indexOf('\n') < 0;
  }

  private static final class Stripper {
    private final String text;
    private int start;
    private int end;
    boolean replyOrForward;

    Stripper(String text) {
      this.text = text;
      this.end = text.length();
    }

    String rest() {
      return text.substring(start, end);
    }

    void run() {
      do {
        trailers();
        leaders();
      } while (forwardBrackets());
    }

    /** Step 2. */
    private void trailers() {
      while (true) {
        if (end > start && text.charAt(end - 1) == ' ') {
          end--;
        } else if (end - start >= FORWARDED_TRAILER.length()
            && at(FORWARDED_TRAILER, end - FORWARDED_TRAILER.length())) {
          end -= FORWARDED_TRAILER.length();
          replyOrForward = true;
        } else {
          return;
        }
      }
    }

    /**
     * Steps 3 to 5. Blobs that no "re:" follows go one by one until what is left would be empty,
     * which is to say all of them, but the last if nothing stands behind it.
     */
    private void leaders() {
      while (true) {
        int at = start;
        while (at < end && text.charAt(at) == ' ') {
          at++;
        }
        int last = at;
        for (int behind = blob(at); behind >= 0; behind = blob(at)) {
          last = at;
          at = behind;
        }
        int behind = replyMark(at);
        if (behind < 0) {
          start = at < end ? at : last;
          return;
        }
        start = behind;
        replyOrForward = true;
      }
    }

    /** Step 6. */
    private boolean forwardBrackets() {
      if (end - start <= FORWARDED_HEADER.length()
          || !at(FORWARDED_HEADER, start)
          || text.charAt(end - 1) != ']') {
        return false;
      }
      start += FORWARDED_HEADER.length();
      end--;
      replyOrForward = true;
      return true;
    }

    /** {@code subj-blob}: where it ends, or -1. */
    private int blob(int from) {
      if (from >= end || text.charAt(from) != '[') {
        return -1;
      }
      int at = from + 1;
      while (at < end && text.charAt(at) != ']') {
        if (text.charAt(at) == '[') {
          return -1;
        }
        at++;
      }
      return at < end ? space(at + 1) : -1;
    }

    /** {@code subj-refwd}: where it ends, or -1. */
    private int replyMark(int from) {
      int at;
      if (at("re", from)) {
        at = from + 2;
      } else if (at("fwd", from)) {
        at = from + 3;
      } else if (at("fw", from)) {
        at = from + 2;
      } else {
        return -1;
      }
      at = space(at);
      int behind = blob(at);
      if (behind >= 0) {
        at = behind;
      }
      return at < end && text.charAt(at) == ':' ? at + 1 : -1;
    }

    private int space(int from) {
      int at = from;
      while (at < end && text.charAt(at) == ' ') {
        at++;
      }
      return at;
    }

    /** Whether the word, in lower case ASCII, stands there. */
    private boolean at(String word, int from) {
      if (from + word.length() > end) {
        return false;
      }
      for (int at = 0; at < word.length(); at++) {
        char next = text.charAt(from + at);
        if ((next >= 'A' && next <= 'Z' ? next + 32 : next) != word.charAt(at)) {
          return false;
        }
      }
      return true;
    }
  }
}
