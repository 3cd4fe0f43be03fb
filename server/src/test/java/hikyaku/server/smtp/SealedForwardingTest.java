package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.BlobReader;
import hikyaku.server.dkim.Algorithm;
import hikyaku.server.dkim.DkimKey;
import hikyaku.server.dkim.DkimKeys;
import hikyaku.server.dkim.DomainSigner;
import hikyaku.server.dkim.KeyMaterial;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dkim.TestKeys;
import hikyaku.server.lists.ListKind;
import hikyaku.server.net.TlsMode;
import hikyaku.server.origin.Examination;
import hikyaku.server.origin.Finding;
import hikyaku.server.origin.Origin;
import hikyaku.server.origin.OriginSettings;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What stands before mail that a script sends on, and what others find by it. */
class SealedForwardingTest {
  private static final String LETTER =
      "From: jo@a.example\r\nSubject: x\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nhi\r\n";

  private final ZoneDns dns =
      new ZoneDns()
          .with("a.example", "TXT", "v=spf1 -all")
          .with("_dmarc.a.example", "TXT", "v=DMARC1; p=none");
  private World world;
  private Origin origin;
  private DkimKeys keys;

  private static OriginSettings settings(boolean seal) {
    OriginSettings s = OriginSettings.DEFAULTS;
    return new OriginSettings(
        true,
        "mx.demo.test",
        List.of(),
        s.forwarders(),
        s.sealers(),
        s.dmarcReject(),
        s.dmarcQuarantine(),
        s.spfFail(),
        s.unsure(),
        s.deadline(),
        s.questions(),
        s.signatures(),
        s.header(),
        seal);
  }

  private void open(boolean seal) throws IOException {
    origin = new Origin(settings(seal), dns, InstantSource.system(), new SimpleMeterRegistry());
    world =
        new World(
            SmtpFace.MX, TestSettings.DEFAULT, TlsMode.NONE, Optional.empty(), Optional.of(origin));
    keys = new DkimKeys(world.store.logs(), TestKeys.sealer("a"), InstantSource.system());
    world.sealer = new DomainSigner(world.directory, keys, InstantSource.system(), world.meters);
  }

  @BeforeEach
  void open() throws Exception {
    open(true);
    key(Algorithm.RSA);
    key(Algorithm.ED25519);
    world.script("u1", "redirect \"next@else.test\";");
  }

  @AfterEach
  void close() {
    world.close();
    origin.close();
  }

  private void key(Algorithm algorithm) throws Exception {
    KeyMaterial material = KeyMaterial.generate(algorithm, new SecureRandom());
    DkimKey key = keys.add("demo.test", Optional.empty(), material, false);
    keys.activate("demo.test", key.selector());
    dns.with(key.recordName(), "TXT", key.recordText());
  }

  /** Sends a message to u1; what goes on to the next service. */
  private String sentOn(String message) throws IOException {
    List<String> before = queued();
    TestConnection connection =
        new TestConnection(
            "t" + (before.size() + 1),
            List.of(
                "EHLO c\r\n",
                "MAIL FROM:<jo@a.example>\r\n",
                "RCPT TO:<u1@demo.test>\r\n",
                "DATA\r\n",
                message + ".\r\n"));
    world.protocol.serve(connection);
    assertThat(connection.said()).contains("250 2.0.0 Delivered as");
    List<String> after = queued();
    assertThat(after).hasSize(before.size() + 1);
    after.removeAll(before);
    return after.getFirst();
  }

  private List<String> queued() {
    return new java.util.ArrayList<>(
        new QueueView(world.store.logs(), InstantSource.system())
                .find(new QueueView.Filter(null, null, null, null, null, false, null), 100)
                .messages()
                .stream()
                .map(waiting -> octets(waiting.message()))
                .toList());
  }

  private String octets(Outgoing message) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(message.prefix().toByteArray());
    try (BlobReader blob = world.store.blobs().open(message.blob().id())) {
      blob.copy(0, blob.size(), out::write);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return out.toString(ISO_8859_1);
  }

  /** What the next service finds. */
  private Finding found(String message) throws IOException {
    try (Examination examination =
        origin.examine(
            InetAddress.ofLiteral("192.0.2.1"), "mx.demo.test", "jo", "a.example", "t")) {
      var through = examination.through((_, _, _) -> {});
      through.write(message.getBytes(ISO_8859_1));
      through.end();
      return examination.finish();
    }
  }

  /** So that it may come again: a message that has been here is a loop. */
  private static String again(String message) {
    return message.replaceAll("Delivered-To: .*\r\n", "");
  }

  private static long count(String message, String field) {
    return message.lines().filter(line -> line.startsWith(field)).count();
  }

  @Test
  void postsOfMailingListsAreSealedToo() throws Exception {
    dns.with("b.example", "TXT", "v=spf1 +all").with("_dmarc.b.example", "TXT", "v=DMARC1; p=none");
    world.signer = (Signer) world.sealer;
    world.list(
        "news", ListKind.DISCUSSION, "u1@demo.test", List.of("jo@b.example", "mo@else.test"));
    TestConnection connection =
        new TestConnection(
            "t1",
            List.of(
                "EHLO c\r\n",
                "MAIL FROM:<jo@b.example>\r\n",
                "RCPT TO:<news@demo.test>\r\n",
                "DATA\r\n",
                LETTER.replace("a.example", "b.example") + ".\r\n"));
    world.protocol.serve(connection);
    assertThat(connection.said()).contains("250 2.0.0 ");
    List<String> posts = queued();
    assertThat(posts).hasSize(2);
    for (String post : posts) {
      assertThat(post)
          .startsWith("ARC-Seal: i=1; a=rsa-sha256; cv=none;\r\n\td=demo.test;\r\n")
          .contains("\r\nARC-Authentication-Results: i=1; mx.demo.test;\r\n\tspf=pass ")
          .contains("\r\nList-Unsubscribe: ");
      assertThat(found(post).results()).contains("arc=pass", "dkim=pass");
      assertThat(found(post.replace("Subject: x", "Subject: y")).results())
          .contains("arc=fail", "dkim=fail");
    }
    assertThat(posts.getFirst().lines().limit(20))
        .containsAll(posts.getLast().lines().limit(8).toList());
  }

  @Test
  void whatWasFoundIsSealedAndTheNextOneBelievesIt() throws Exception {
    String first = sentOn(LETTER);
    assertThat(first)
        .startsWith("ARC-Seal: i=1; a=rsa-sha256; cv=none;\r\n\td=demo.test;\r\n")
        .contains("\r\nARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed;\r\n")
        .contains(
            "\r\nARC-Authentication-Results: i=1; mx.demo.test;\r\n"
                + "\tspf=fail smtp.mailfrom=a.example;\r\n"
                + "\tdkim=none;\r\n"
                + "\tdmarc=fail (p=none sender=denied dis=none) header.from=a.example\r\nDelivered-To: ")
        .endsWith(LETTER);
    assertThat(found(first).results()).contains("arc=pass");
    assertThat(found(first).chain().next()).isEqualTo(2);
    String second = sentOn(again(first));
    assertThat(second).startsWith("ARC-Seal: i=2; a=rsa-sha256; cv=pass;");
    assertThat(count(second, "ARC-Seal:")).isEqualTo(2);
    assertThat(found(second).results()).contains("arc=pass");
    // Each octet of it counts.
    for (String[] change :
        new String[][] {
          {"spf=fail smtp", "spf=pass smtp"},
          {"i=2; a=rsa-sha256; cv=pass", "i=2; a=rsa-sha256; cv=none"},
          {"\r\nhi\r\n", "\r\nho\r\n"},
          {"Subject: x", "Subject: y"},
          {"Date: ", "Reply-To: m@evil.example\r\nDate: "}
        }) {
      assertThat(second).contains(change[0]);
      String changed = second.replaceFirst(change[0], change[1]);
      assertThat(found(changed).results()).as(change[1]).contains("arc=fail");
    }
  }

  /**
   * RFC 8617 §5.1: a broken chain is said to be one once, and the seal covers its own set alone.
   */
  @Test
  void aBrokenChainIsEndedOnce() throws Exception {
    String broken = again(sentOn(LETTER)).replace("\r\nhi\r\n", "\r\nho\r\n");
    String ended = sentOn(broken);
    assertThat(ended)
        .startsWith("ARC-Seal: i=2; a=rsa-sha256; cv=fail;")
        .contains("\tarc=fail (the body has changed)\r\n");
    assertThat(found(ended).results()).contains("arc=fail");
    assertThat(found(ended).chain()).isEqualTo(Finding.Chain.CLOSED);
    String after = sentOn(again(ended));
    assertThat(count(after, "ARC-Seal:")).isEqualTo(2);
  }

  @Test
  void whatCannotBeVerifiedNowAndWhatIsTooLongIsLeftAlone() throws Exception {
    String first = again(sentOn(LETTER));
    DkimKey key = keys.keys("demo.test").getFirst();
    dns.without(key.recordName()).silent(key.recordName());
    assertThat(count(sentOn(first), "ARC-Seal:")).isEqualTo(1);
    dns.without(key.recordName()).with(key.recordName(), "TXT", key.recordText());
    assertThat(count(sentOn(first), "ARC-Seal:")).isEqualTo(2);
    String longest = first.replace("i=1;", "i=50;");
    assertThat(sentOn(longest)).startsWith("Delivered-To: ");
    String strange = first.replace("ARC-Seal: i=1;", "ARC-Seal: i=x;");
    assertThat(sentOn(strange)).startsWith("ARC-Seal: i=2; a=rsa-sha256; cv=fail;");
  }

  @Test
  void withoutAKeyOfRsaOrIfItIsNotWantedNothingIsSealed() throws Exception {
    for (DkimKey key : keys.keys("demo.test")) {
      if (key.algorithm() == Algorithm.RSA) {
        keys.retire("demo.test", key.selector());
      }
    }
    assertThat(sentOn(LETTER)).startsWith("Delivered-To: ");
    assertThat(world.meters.counter("hikyaku.arc.messages", "outcome", "no_key").count())
        .isEqualTo(1);
    close();
    open(false);
    key(Algorithm.RSA);
    world.script("u1", "redirect \"next@else.test\";");
    assertThat(sentOn(LETTER)).startsWith("Delivered-To: ");
  }

  /** The seal is of what goes out, whatever a script has done to it. */
  @Test
  void whatAScriptHasChangedIsSealedAsItGoesOut() throws Exception {
    world.script(
        "u1",
        """
        require ["editheader"];
        deleteheader "Subject";
        addheader "Subject" "[list] x";
        redirect "next@else.test";
        """);
    String first = sentOn(LETTER);
    assertThat(first).contains("\r\nSubject: [list] x\r\n").doesNotContain("Subject: x\r\n");
    assertThat(found(first).results()).contains("arc=pass");
  }
}
