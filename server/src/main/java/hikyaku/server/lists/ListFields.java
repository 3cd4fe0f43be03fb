package hikyaku.server.lists;

import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.ListRole;
import hikyaku.server.lists.MailingList.Member;

/** The header fields that a list gives its mail (RFC 2369, RFC 2919, RFC 8058). */
final class ListFields {
  private final Tokens tokens;
  private final String url;

  /**
   * @param url where the pages for leaving are, or empty
   */
  ListFields(Tokens tokens, String url) {
    this.tokens = tokens;
    this.url = url;
  }

  /** Whether a list gives a field of its own, in place of any that is there. */
  static boolean isOurs(String name) {
    return name.equals("precedence")
        || switch (name) {
          case "list-id",
              "list-help",
              "list-post",
              "list-owner",
              "list-subscribe",
              "list-unsubscribe",
              "list-unsubscribe-post" ->
              true;
          default -> false;
        };
  }

  /** What stands in List-Id, between angle brackets (RFC 2919 §2). */
  static String id(Address address) {
    return address.localPart() + "." + address.domain();
  }

  /** The one that lets a member leave at one click; nothing where no link does. */
  String oneClick() {
    return url.isEmpty() ? "" : "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
  }

  /** Those for one member, but {@link #oneClick}. */
  String of(Address address, MailingList list, Member member) {
    StringBuilder out = new StringBuilder();
    String title = list.settings().title();
    out.append("List-Id: ");
    if (!title.isEmpty()) {
      out.append(phrase(title)).append("\r\n ");
    }
    out.append('<').append(id(address)).append(">\r\n");
    Address owner = ListRole.OWNER.of(address);
    field(out, "List-Help", mailto(owner) + "?subject=help");
    if (list.settings().kind() == ListKind.ANNOUNCEMENT) {
      out.append("List-Post: NO\r\n");
    } else {
      field(out, "List-Post", mailto(address));
    }
    field(out, "List-Owner", mailto(owner));
    if (list.settings().open()) {
      field(out, "List-Subscribe", mailto(ListRole.SUBSCRIBE.of(address)));
    }
    String token = tokens.token(Tokens.Purpose.LEAVE, address, member.id());
    String mailto = mailto(ListRole.UNSUBSCRIBE.of(address, token));
    if (!url.isEmpty()) {
      out.append("List-Unsubscribe: <").append(link("leave", address, token));
      out.append(">,\r\n <").append(mailto).append(">\r\n");
    } else {
      field(out, "List-Unsubscribe", mailto);
    }
    return out.append("Precedence: list\r\n").toString();
  }

  /** Text as it stands before an address (RFC 5322 §3.2.5). */
  static String phrase(String text) {
    String words = EncodedWords.encodeFolded(text);
    return words.equals(text)
        ? '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"'
        : words;
  }

  private static void field(StringBuilder out, String name, String uri) {
    out.append(name).append(": <").append(uri).append(">\r\n");
  }

  /** Names of lists and tokens need no escapes (RFC 6068 §2). */
  static String mailto(Address address) {
    return "mailto:" + address;
  }

  private String link(String what, Address address, String token) {
    return (url.endsWith("/") ? url : url + "/")
        + what
        + "/"
        + address.domain()
        + "/"
        + address.localPart()
        + "/"
        + token;
  }

  /** Where mail to a member comes back. */
  Mailbox returnPath(Address address, Member member) {
    return mailbox(
        ListRole.BOUNCES.of(address, tokens.token(Tokens.Purpose.BOUNCE, address, member.id())));
  }

  static Mailbox mailbox(Address address) {
    return new Mailbox(address.localPart(), address.domain());
  }
}
