package hikyaku.server.imap;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.auth.ForeignSession;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.net.Home;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** LOGIN (RFC 9051 §6.2.3), and what becomes of any login. */
final class Login {
  private static final Logger log = LoggerFactory.getLogger(Login.class);

  private Login() {}

  static Reply execute(Session session, Command.Login command) throws IOException {
    byte[] password = command.password().getBytes(StandardCharsets.UTF_8);
    return conclude(
        session,
        session.server.authenticator.login(session.authContext(), command.user(), password));
  }

  static Reply conclude(Session session, LoginResult result) throws IOException {
    return switch (result) {
      case LoginResult.Success success -> admit(session, success);
      case LoginResult.Refused refused -> refuse(session, refused);
    };
  }

  private static Reply admit(Session session, LoginResult.Success success) {
    ForeignSession there = success.elsewhere();
    if (there != null) {
      return pass(session, success, there);
    }
    AccountMail mail = session.server.mail.account(success.account().id());
    boolean looked = false;
    try {
      // The first look makes the account's folders; a store that cannot serve is told of here.
      mail.tree();
      looked = true;
    } finally {
      if (!looked) {
        success.lease().close();
      }
    }
    session.state.loggedIn(
        new SessionState.Login(success.account(), success.epoch(), success.lease(), mail));
    session.describe(success.account());
    session.server.metrics.loginsAccepted.increment();
    log.atInfo()
        .addKeyValue("session", session.id())
        .addKeyValue("account", success.account().primary())
        .addKeyValue("tls", session.connection.isTls())
        .log("IMAP login");
    return Reply.ok(new ResponseCode.Capability(Capabilities.of(session)), "Logged in");
  }

  private static Reply pass(Session session, LoginResult.Success success, ForeignSession there) {
    session.passTo(success, there);
    session.connection.describe(success.account().primary().toString(), Home.WHERE_IT_IS);
    session.server.metrics.loginsAccepted.increment();
    log.atInfo()
        .addKeyValue("session", session.id())
        .addKeyValue("account", success.account().primary())
        .addKeyValue("tls", session.connection.isTls())
        .addKeyValue("backend", there.backend())
        .log("IMAP login");
    List<String> can = there.capabilities();
    return can.isEmpty()
        ? Reply.ok("Logged in")
        : Reply.ok(new ResponseCode.Capability(can), "Logged in");
  }

  /** The replies that each result names. Only a wrong password gets AUTHENTICATIONFAILED. */
  private static Reply refuse(Session session, LoginResult.Refused refused) throws IOException {
    log.atInfo()
        .addKeyValue("session", session.id())
        .addKeyValue("result", refused.getClass().getSimpleName())
        .log("IMAP login refused");
    session.refusedLogin();
    return switch (refused) {
      case LoginResult.BadCredentials _ ->
          Reply.no(ResponseCode.Plain.AUTHENTICATIONFAILED, refused.text());
      case LoginResult.Suspended _ -> Reply.no(ResponseCode.Plain.CONTACTADMIN, refused.text());
      case LoginResult.NotAuthorized _ ->
          Reply.no(ResponseCode.Plain.AUTHORIZATIONFAILED, refused.text());
      case LoginResult.TlsRequired _ ->
          Reply.no(ResponseCode.Plain.PRIVACYREQUIRED, refused.text());
      case LoginResult.Throttled _ -> {
        session.bye(ResponseCode.Plain.UNAVAILABLE, refused.text());
        yield Reply.no(ResponseCode.Plain.UNAVAILABLE, refused.text());
      }
      case LoginResult.TooManySessions _ -> Reply.no(ResponseCode.Plain.LIMIT, refused.text());
      case LoginResult.Unavailable _ -> Reply.no(ResponseCode.Plain.UNAVAILABLE, refused.text());
      case LoginResult.Malformed _ -> Reply.bad(refused.text());
    };
  }
}
