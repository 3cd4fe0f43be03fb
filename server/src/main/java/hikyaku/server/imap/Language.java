package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * LANGUAGE (RFC 5255 §3.2). There is English, and the default language, which is the same: a
 * session has nothing to remember.
 */
final class Language {
  private static final String ENGLISH = "EN";
  private static final String DEFAULT = "i-default";

  private Language() {}

  static Reply execute(Session session, Command.Language command) throws IOException {
    if (command.ranges().isEmpty()) {
      session.out.data(new Data.Language(List.of(ENGLISH, DEFAULT)));
      return Reply.ok("LANGUAGE completed");
    }
    Optional<String> chosen =
        command.ranges().stream().flatMap(range -> tag(range).stream()).findFirst();
    if (chosen.isEmpty()) {
      return Reply.no("Language is not supported");
    }
    session.out.data(new Data.Language(List.of(chosen.get())));
    return Reply.ok("LANGUAGE completed");
  }

  /** The language that a range means (RFC 4647 §3.4). */
  private static Optional<String> tag(String range) {
    String folded = range.toLowerCase(Locale.ROOT);
    return switch (folded) {
      case "i-default" -> Optional.of(DEFAULT);
      case "default", "*", "en" -> Optional.of(ENGLISH);
      default -> folded.startsWith("en-") ? Optional.of(ENGLISH) : Optional.empty();
    };
  }
}
