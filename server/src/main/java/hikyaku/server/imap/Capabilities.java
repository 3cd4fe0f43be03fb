package hikyaku.server.imap;

import hikyaku.mailbox.store.StoreException;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.Authenticator;
import java.util.ArrayList;
import java.util.List;

/**
 * What is advertised, by state: that which is complete, and only where it can be used. IDLE alone
 * is told before the login too: Outlook and Python's imaplib do not look for it again behind it.
 */
final class Capabilities {
  private static final List<String> ALWAYS =
      List.of("IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE", "LANGUAGE");

  private static final List<String> LOGGED_IN =
      List.of(
          "NOTIFY",
          "NAMESPACE",
          "UIDPLUS",
          "REPLACE",
          "INPROGRESS",
          "MOVE",
          "UNSELECT",
          "CHILDREN",
          "LIST-EXTENDED",
          "LIST-STATUS",
          "SPECIAL-USE",
          "CREATE-SPECIAL-USE",
          "ACL",
          "RIGHTS=kxte",
          "LIST-MYRIGHTS",
          "METADATA",
          "LIST-METADATA",
          "STATUS=SIZE",
          "OBJECTID",
          "SAVEDATE",
          "PREVIEW",
          "QUOTA",
          "QUOTA=RES-STORAGE",
          "QUOTA=RES-MESSAGE",
          "MULTIAPPEND",
          "CATENATE",
          "URL-PARTIAL",
          "BINARY",
          "ESEARCH",
          "MULTISEARCH",
          "SEARCHRES",
          "ESORT",
          "CONTEXT=SEARCH",
          "CONTEXT=SORT",
          "SORT",
          "SORT=DISPLAY",
          "THREAD=ORDEREDSUBJECT",
          "THREAD=REFERENCES",
          "WITHIN",
          "PARTIAL",
          "SEARCH=FUZZY",
          "I18NLEVEL=1",
          "CONDSTORE",
          "QRESYNC",
          "UTF8=ACCEPT");

  private Capabilities() {}

  static List<String> of(Session session) {
    return of(session, session.connection.isCompressed());
  }

  /**
   * @param compressed whether compression is on, or is about to be
   */
  static List<String> of(Session session, boolean compressed) {
    List<String> capabilities = new ArrayList<>(ALWAYS);
    if (session.state.is(CommandTable.State.NOT_AUTHENTICATED)) {
      if (session.connection.canStartTls()) {
        capabilities.add("STARTTLS");
      }
      AuthContext context = session.authContext();
      Authenticator authenticator = session.server.authenticator;
      if (!authenticator.plainTextAllowed(context)) {
        capabilities.add("LOGINDISABLED");
      }
      authenticator.mechanisms(context).forEach(name -> capabilities.add("AUTH=" + name));
    } else {
      capabilities.addAll(LOGGED_IN);
      if (setsQuotas(session)) {
        capabilities.add("QUOTASET");
      }
      capabilities.add("APPENDLIMIT=" + session.server.settings.appendLimit());
      session.server.messageLimit.capability().ifPresent(capabilities::add);
      if (session.server.settings.uidOnly()) {
        capabilities.add("UIDONLY");
      }
      if (!compressed) {
        if (session.server.settings.unauthenticate()) {
          capabilities.add("UNAUTHENTICATE");
        }
        capabilities.add("COMPRESS=DEFLATE");
      }
    }
    return capabilities;
  }

  /** Told to those alone who can (RFC 9208 §3.1.1); what is not known now is not promised. */
  private static boolean setsQuotas(Session session) {
    try {
      return SetQuota.isOffered(session);
    } catch (StoreException e) {
      session.failed("CAPABILITY", e);
      return false;
    }
  }
}
