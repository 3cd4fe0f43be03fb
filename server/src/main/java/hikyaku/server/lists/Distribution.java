package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.lists.MailingList.Member;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.Outgoing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Puts what a list sends into the queue, signed and sealed for the list's domain. */
final class Distribution {
  private final MailStore mail;
  private final Signer signer;
  private final Sealer sealer;
  private final ListFields fields;
  private final Outbox outbox;
  private final Forgery forgery;

  Distribution(MailStore mail, Signer signer, Sealer sealer, Forgery forgery, ListFields fields) {
    this.mail = mail;
    this.signer = signer;
    this.sealer = sealer;
    this.forgery = forgery;
    this.fields = fields;
    this.outbox = new Outbox(mail.store().logs());
  }

  /**
   * A message that a list sends.
   *
   * @param prefix to be put before it, the trace of its way
   * @param transaction unique for ever
   * @param account the id of the account that wrote it; empty if it is none's, or somebody else
   *     lets it out
   * @param key names the attempt to send it; that of each letter begins with it
   * @param found what was found when it came; nothing if the list wrote it, or nobody looked
   */
  record Post(
      Intake.Received message,
      ByteString prefix,
      String transaction,
      String session,
      boolean smtpUtf8,
      boolean binary,
      Outgoing.Tls tls,
      String account,
      String key,
      Optional<Sealer.Arrival> found) {}

  /** Whether members' servers will take a message of the list for forged. */
  boolean isSuspected(
      Address address, MailingList list, Intake.Received message, ByteString prefix) {
    Optional<Member> any = list.members().stream().findFirst();
    if (any.isEmpty() || isOfOwnDomain(address, message)) {
      return false;
    }
    byte[] first = prefix(address, list, any.get(), prefix).toByteArray();
    try {
      return forgery.isSuspected(
          address.domain(),
          sink -> {
            sink.write(first, 0, first.length);
            copy(message, sink);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /** What its authors prove, and how, is what the list proves. */
  private static boolean isOfOwnDomain(Address address, Intake.Received message) {
    return message.structure().envelope().from().stream()
        .filter(EnvelopeAddress::isAddress)
        .allMatch(author -> address.domain().equalsIgnoreCase(author.host()));
  }

  private ByteString prefix(Address address, MailingList list, Member member, ByteString trace) {
    return ByteString.copyFromUtf8(
            "Delivered-To: " + address + "\r\n" + fields.of(address, list, member))
        .concat(trace);
  }

  private void copy(Intake.Received message, OctetSink sink) throws IOException {
    mail.store().blobs().copy(message.blob(), sink);
  }

  /**
   * What a list sends to its members.
   *
   * @param round an entry of the queue for each that gets mail
   * @param signed who signed it, for logs; mostly one, or nobody
   * @param sealed who sealed it, likewise
   */
  record Mailing(List<Append> round, Set<String> signed, List<String> sealed) {}

  Mailing toMembers(Address address, MailingList list, Post post) {
    List<Member> members = list.members().stream().filter(each -> !each.disabled()).toList();
    List<ByteString> prefixes = new ArrayList<>();
    for (Member member : members) {
      prefixes.add(prefix(address, list, member, post.prefix));
    }
    // RFC 8058 §4: nobody believes it without a signature over it.
    ByteString oneClick = ByteString.copyFromUtf8(fields.oneClick());
    List<Signer.Signatures> signatures =
        signed(address, prefixes.stream().map(oneClick::concat).toList(), post.message);
    // One for all: it covers the message as the list has changed it, and not each member's fields.
    Signer.Signatures seal = sealed(address, post);
    List<Append> round = new ArrayList<>();
    Set<String> signed = new TreeSet<>();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      String signature = signatures.get(i).fields();
      ByteString prefix =
          ByteString.copyFromUtf8(seal.fields() + signature)
              .concat(signature.isEmpty() ? ByteString.EMPTY : oneClick)
              .concat(prefixes.get(i));
      signed.addAll(signatures.get(i).by());
      round.add(
          letter(
              post,
              "." + member.id(),
              fields.returnPath(address, member),
              prefix,
              List.of(ListFields.mailbox(member.address()))));
    }
    return new Mailing(round, signed, seal.by());
  }

  /** The same message to all owners, as it is. */
  Append toOwners(
      Address address, MailingList list, Post post, ByteString trace, ReversePath sender) {
    return letter(
        post,
        ".owners",
        sender,
        ByteString.copyFromUtf8(sealed(address, post).fields()).concat(trace).concat(post.prefix),
        list.owners().stream().map(ListFields::mailbox).toList());
  }

  /** A letter of the list itself, signed. */
  Append own(Address author, Post post, List<Mailbox> to) {
    String signature = signed(author, List.of(ByteString.EMPTY), post.message).getFirst().fields();
    return letter(post, "", ReversePath.NULL, ByteString.copyFromUtf8(signature), to);
  }

  private List<Signer.Signatures> signed(
      Address author, List<ByteString> prefixes, Intake.Received message) {
    try {
      return signer.signEach(List.of(author), prefixes, sink -> copy(message, sink));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /** What was found when a message came, over it as it goes on (RFC 8617 §5.1). */
  private Signer.Signatures sealed(Address address, Post post) {
    if (post.found.isEmpty()) {
      return Signer.Signatures.NONE;
    }
    try {
      return sealer.seal(
          address.domain(),
          post.found.get(),
          sink -> {
            sink.write(post.prefix.toByteArray());
            copy(post.message, sink);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  private Append letter(
      Post post, String part, ReversePath sender, ByteString prefix, List<Mailbox> to) {
    boolean plain = prefix.toString(ISO_8859_1).chars().allMatch(c -> c < 128);
    return outbox
        .append(
            new Outgoing(
                post.transaction + part,
                post.session,
                sender,
                null,
                null,
                post.smtpUtf8 || !to.stream().allMatch(Mailbox::isAscii),
                post.binary,
                post.message.structure().has8bit() || !plain,
                post.tls,
                prefix,
                post.message.blob(),
                post.message.structure().root().bodyStart(),
                messageId(post.message),
                to.stream().map(each -> new Outgoing.To(each, RcptParameters.NONE)).toList(),
                "",
                post.account,
                Outgoing.Terms.NONE,
                sender))
        .withKey(post.key + part);
  }

  /** For logs: what a client wrote, and nothing that breaks a line. */
  static String messageId(Intake.Received message) {
    String id = message.structure().envelope().messageId();
    return id == null ? "" : id.replaceAll("[^!-~]", "?");
  }

  /** Takes a text in as a message. */
  Intake.Received written(String text) {
    byte[] octets = text.getBytes(UTF_8);
    try (Intake intake = mail.intake()) {
      intake.write(octets, 0, octets.length);
      return intake.finish();
    }
  }
}
