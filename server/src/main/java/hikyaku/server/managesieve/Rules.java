package hikyaku.server.managesieve;

import static hikyaku.protocol.managesieve.Keyword.AUTHENTICATE;
import static hikyaku.protocol.managesieve.Keyword.CAPABILITY;
import static hikyaku.protocol.managesieve.Keyword.LOGOUT;
import static hikyaku.protocol.managesieve.Keyword.NOOP;
import static hikyaku.protocol.managesieve.Keyword.STARTTLS;

import hikyaku.protocol.managesieve.Keyword;
import java.util.EnumSet;
import java.util.Set;

/** Which command is for which state (RFC 5804 §2). */
final class Rules {
  private static final Set<Keyword> BEFORE_LOGIN =
      EnumSet.of(AUTHENTICATE, CAPABILITY, LOGOUT, NOOP, STARTTLS);
  private static final Set<Keyword> NOT_AFTERWARDS = EnumSet.of(AUTHENTICATE, STARTTLS);

  private Rules() {}

  static boolean allows(Keyword keyword, boolean loggedIn) {
    return loggedIn ? !NOT_AFTERWARDS.contains(keyword) : BEFORE_LOGIN.contains(keyword);
  }
}
