package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** LANG (RFC 6856 §3). All text is English, which also serves as i-default (RFC 2277 §4.5). */
final class Lang {
  private static final String ENGLISH = "en";
  private static final String DEFAULT = "i-default";

  private Lang() {}

  static void execute(Session session, Command.Lang command) throws IOException {
    String tag = command.tag();
    if (tag == null) {
      session.multiline(
          "Languages follow",
          out -> {
            for (String language : List.of(ENGLISH + " English", DEFAULT + " English")) {
              out.line(language);
            }
          });
      return;
    }
    String language = lookup(tag.toLowerCase(Locale.ROOT));
    if (language == null) {
      session.err("No such language");
    } else {
      session.ok(language + " English it is");
    }
  }

  /** RFC 4647 §3.4: subtags are cut off from the right until something fits. */
  private static @Nullable String lookup(String tag) {
    if (tag.equals("*") || tag.equals(DEFAULT)) {
      return tag.equals("*") ? ENGLISH : DEFAULT;
    }
    return tag.equals(ENGLISH) || tag.startsWith(ENGLISH + "-") ? ENGLISH : null;
  }
}
