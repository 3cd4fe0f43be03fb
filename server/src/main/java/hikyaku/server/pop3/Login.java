package hikyaku.server.pop3;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.pop3.ResponseCode;
import hikyaku.server.auth.ForeignSession;
import hikyaku.server.auth.LoginResult;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What PASS, APOP and AUTH do with the result of a login: a reply, and the maildrop. */
final class Login {
  private static final Logger log = LoggerFactory.getLogger(Login.class);

  private Login() {}

  static void conclude(Session session, LoginResult result) throws IOException {
    switch (result) {
      case LoginResult.Success success -> admit(session, success);
      case LoginResult.Refused refused -> refuse(session, refused);
    }
  }

  private static void admit(Session session, LoginResult.Success success) throws IOException {
    ForeignSession there = success.elsewhere();
    if (there != null) {
      Elsewhere.run(session, success, there);
      return;
    }
    String account = success.account().id();
    boolean stays = false;
    Admission.Hold entered = Admission.Hold.NONE;
    try {
      switch (session.server.admission.enter(account, session.id())) {
        case Admission.Answer.InUse _ ->
            turnAway(session, ResponseCode.IN_USE, "Another session has this maildrop");
        case Admission.Answer.TooEarly _ ->
            turnAway(session, ResponseCode.LOGIN_DELAY, "The last login was a moment ago");
        case Admission.Answer.Admitted(Admission.Hold hold) -> {
          entered = hold;
          Maildrop maildrop = Maildrop.open(session.server.mail.account(account));
          session.opened(success, hold, maildrop);
          stays = true;
          session.ok(
              "Maildrop has "
                  + maildrop.messages()
                  + " messages ("
                  + maildrop.octets()
                  + " octets)");
        }
      }
    } catch (StoreException | MailboxException e) {
      // The caller says [SYS/TEMP] and logs it.
      session.refusedLogin();
      throw e;
    } finally {
      if (!stays) {
        success.lease().close();
        session.server.admission.leave(entered, false);
      }
    }
  }

  private static void turnAway(Session session, ResponseCode code, String text) throws IOException {
    session.refusedLogin();
    session.err(code, text);
  }

  /** The replies that each result names. Only a wrong password gets [AUTH]. */
  private static void refuse(Session session, LoginResult.Refused refused) throws IOException {
    log.atInfo()
        .addKeyValue("session", session.id())
        .addKeyValue("result", refused.getClass().getSimpleName())
        .log("POP3 login refused");
    session.refusedLogin();
    switch (refused) {
      case LoginResult.BadCredentials _ -> session.err(ResponseCode.AUTH, refused.text());
      case LoginResult.Suspended _, LoginResult.NotAuthorized _, LoginResult.TlsRequired _ ->
          session.err(ResponseCode.SYS_PERM, refused.text());
      case LoginResult.Throttled _ -> {
        session.end();
        session.err(ResponseCode.SYS_TEMP, refused.text());
      }
      // RFC 2449 §8.1.2: IN-USE is for a maildrop that is held, which it is not.
      case LoginResult.TooManySessions _, LoginResult.Unavailable _ ->
          session.err(ResponseCode.SYS_TEMP, refused.text());
      case LoginResult.Malformed _ -> session.err(refused.text());
    }
  }
}
