package hikyaku.server.pop3;

import static hikyaku.server.pop3.State.AUTHORIZATION;
import static hikyaku.server.pop3.State.TRANSACTION;

import hikyaku.protocol.pop3.Keyword;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Which command is valid in which state. */
final class Rules {
  private static final Map<Keyword, Set<State>> STATES = new EnumMap<>(Keyword.class);

  static {
    row(Keyword.USER, AUTHORIZATION); //              RFC 1939 §7
    row(Keyword.PASS, AUTHORIZATION); //              RFC 1939 §7
    row(Keyword.APOP, AUTHORIZATION); //              RFC 1939 §7
    row(Keyword.AUTH, AUTHORIZATION); //              RFC 5034 §4
    row(Keyword.STLS, AUTHORIZATION); //              RFC 2595 §4
    row(Keyword.UTF8, AUTHORIZATION); //              RFC 6856 §2.1
    row(Keyword.CAPA, AUTHORIZATION, TRANSACTION); // RFC 2449 §5
    row(Keyword.LANG, AUTHORIZATION, TRANSACTION); // RFC 6856 §3
    row(Keyword.QUIT, AUTHORIZATION, TRANSACTION); // RFC 1939 §4, §6
    row(Keyword.STAT, TRANSACTION); //                RFC 1939 §5
    row(Keyword.LIST, TRANSACTION); //                RFC 1939 §5
    row(Keyword.RETR, TRANSACTION); //                RFC 1939 §5
    row(Keyword.DELE, TRANSACTION); //                RFC 1939 §5
    row(Keyword.NOOP, TRANSACTION); //                RFC 1939 §5
    row(Keyword.RSET, TRANSACTION); //                RFC 1939 §5
    row(Keyword.TOP, TRANSACTION); //                 RFC 1939 §7
    row(Keyword.UIDL, TRANSACTION); //                RFC 1939 §7
  }

  private Rules() {}

  private static void row(Keyword keyword, State first, State... others) {
    STATES.put(keyword, EnumSet.of(first, others));
  }

  static boolean allows(Keyword keyword, State state) {
    Set<State> states = STATES.get(keyword);
    if (states == null) {
      throw new IllegalStateException("no row for " + keyword);
    }
    return states.contains(state);
  }
}
