package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.ScriptException;
import hikyaku.server.filter.Scripts;
import hikyaku.server.net.TlsMode;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Deliveries to accounts with scripts: by LMTP, where each recipient has a reply. */
abstract class ScriptedDelivery {
  World world;
  Filter filter;
  SmtpServer protocol;
  int sessions;

  /** Whether sessions repeat others. */
  boolean repeating;

  String sender = "a@b.example";
  String hello = "c";
  InetSocketAddress client = TestConnection.ADDRESS;

  /** Parameters of MAIL and of each RCPT, each with a space before it. */
  String forAll = "";

  String forRecipients = "";

  SmtpFace face() {
    return SmtpFace.LMTP;
  }

  List<String> greeting() {
    return List.of("LHLO " + hello + "\r\n");
  }

  @BeforeEach
  final void open() throws IOException {
    world = new World(face(), TestSettings.DEFAULT, TlsMode.NONE);
    filter = Filter.of(world.mail, world.directory, World.SIEVE);
    protocol = world.protocol;
  }

  @AfterEach
  final void close() {
    world.close();
  }

  final void script(String user, String script) throws ScriptException {
    String account = world.directory.named(user).id();
    filter.put(account, "main", ByteString.copyFromUtf8(script));
    filter.scripts().activate(account, "main");
  }

  /** Sends a message and returns the replies to it. */
  final List<String> send(List<String> recipients, String message) throws IOException {
    return send(sender, recipients, message).stream().map(reply -> reply.substring(0, 9)).toList();
  }

  final List<String> send(String from, List<String> recipients, String message) throws IOException {
    List<String> lines = new ArrayList<>(greeting());
    lines.add("MAIL FROM:<" + from + ">" + forAll + "\r\n");
    recipients.forEach(to -> lines.add("RCPT TO:<" + to + ">" + forRecipients + "\r\n"));
    lines.add("DATA\r\n");
    lines.add(message.replace("\n", "\r\n") + ".\r\n");
    TestConnection connection = new TestConnection("t" + ++sessions, lines, repeating).from(client);
    protocol.serve(connection);
    List<String> replies = connection.said().lines().toList();
    int go = 0;
    while (!replies.get(go).startsWith("354")) {
      go++;
    }
    return replies.subList(go + 1, replies.size()).stream().limit(recipients.size()).toList();
  }

  final AccountMail mail(String user) {
    return world.mail.account(world.directory.named(user).id());
  }

  /** The flags of what was sent; {@link #notices} are apart. */
  final List<Flags> in(String user, String folder) {
    Mailbox mailbox = mail(user).mailbox(folder);
    MailboxState state = mailbox.refresh();
    List<Flags> flags = new ArrayList<>();
    for (int i = 0; i < state.size(); i++) {
      if (!isNotice(message(mailbox, i))) {
        flags.add(state.flags(i));
      }
    }
    return flags;
  }

  /** What an account was told of its scripts that failed, in INBOX. */
  final List<NewMessage> notices(String user) {
    Mailbox inbox = mail(user).inbox();
    return IntStream.range(0, inbox.refresh().size())
        .mapToObj(i -> message(inbox, i))
        .filter(ScriptedDelivery::isNotice)
        .toList();
  }

  private static boolean isNotice(NewMessage message) {
    String id = message.structure().envelope().messageId();
    return id != null && id.startsWith("<script-failed.");
  }

  private static NewMessage message(Mailbox mailbox, int number) {
    return mailbox.messages().read(mailbox.refresh(), number).orElseThrow().message();
  }

  final String header(String user, String folder) throws IOException {
    Mailbox mailbox = mail(user).mailbox(folder);
    return octets(mailbox, message(mailbox, 0));
  }

  /** A message as a client would get it, one char an octet. */
  static String octets(Mailbox mailbox, NewMessage message) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    try (MessageContent content = mailbox.messages().open(message)) {
      content.copy(0, content.size(), octets::write);
    }
    return octets.toString(StandardCharsets.ISO_8859_1);
  }

  final Scripts.Problem problem(String user) {
    return filter.scripts().scripts(world.directory.named(user).id()).problem().orElseThrow();
  }

  final List<Outgoing> queued() {
    return new QueueView(world.store.logs(), InstantSource.system())
            .find(new QueueView.Filter(null, null, null, null, null, false, null), 1000)
            .messages()
            .stream()
            .map(QueueView.Waiting::message)
            .toList();
  }

  final String text(Outgoing message) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    octets.writeBytes(message.prefix().toByteArray());
    try (BlobReader reader = world.store.blobs().open(message.blob().id())) {
      reader.copy(0, reader.size(), octets::write);
    }
    return octets.toString(StandardCharsets.ISO_8859_1);
  }
}
