package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.server.directory.Language;
import hikyaku.server.dkim.Signer;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.Onward;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.queue.Wordings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What users are told of their scripts that fail. */
class SieveNoticeTest extends ScriptedDelivery {
  private static final String FAILS = "require \"fileinto\";\nfileinto \"No\";";
  private static final String MESSAGE =
      "From: =?utf-8?Q?J=C3=B6?= <jo@a.example>\n"
          + "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n"
          + "Message-ID: <1@a.example>\n\nsecret\n";

  private String notice(String user, int number) throws IOException {
    NewMessage notice = notices(user).get(number);
    return octets(mail(user).inbox(), notice);
  }

  /** The text behind the header of a notice. */
  private String told(String user, int number) throws IOException {
    String notice = notice(user, number);
    String body = notice.substring(notice.indexOf("\r\n\r\n") + 4);
    return notice.contains("Content-Transfer-Encoding: base64")
        ? new String(Base64.getMimeDecoder().decode(body), UTF_8)
        : body;
  }

  private void sendTo(String address) throws IOException {
    assertThat(send(List.of(address), MESSAGE)).containsExactly("250 2.0.0");
  }

  /** Mail comes to another node, with a clock and a language of its own. */
  private void servedBy(MailStore mail, Language language) {
    Filter other =
        Filter.of(
            mail,
            world.directory,
            World.SIEVE,
            Onward.AS_IT_CAME,
            new Wordings(world.directory, language));
    protocol =
        new SmtpServer(
            face(),
            TestSettings.DEFAULT,
            SmtpServices.of(
                world.directory,
                world.authenticator,
                mail,
                other,
                Optional.empty(),
                Signer.NONE,
                world.meters));
  }

  private MailStore later(Duration time) {
    Clock clock = Clock.offset(world.mail.clock(), time);
    return new MailStore(world.store, clock, MailboxLimits.DEFAULT);
  }

  @Test
  void itSaysWhichScriptFailedOverWhatAndWhy() throws Exception {
    script("u1", "require \"ihave\";\n\nerror \"not\nso\";");
    sendTo("u1@demo.test");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(notices("u1")).hasSize(1);
    assertThat(notice("u1", 0))
        .startsWith(
            """
            Return-Path: <>
            Delivered-To: u1@demo.test
            From: "Mail Delivery System" <postmaster@mx.demo.test>
            To: u1@demo.test
            Subject: Your filter script "main" could not be carried out
            Date: Sun, 22 Nov 2026 10:00:00 +0000
            Message-ID: <script-failed.\
            """
                .replace("\n", "\r\n"))
        .contains("\r\nAuto-Submitted: auto-generated\r\nContent-Language: en\r\n");
    assertThat(told("u1", 0))
        .contains("could not be carried out for a message to\r\nu1@demo.test.\r\n")
        .contains("\r\n  line 3: not so\r\n")
        .contains("  From: Jö <jo@a.example>\r\n  Subject: Grüße\r\n")
        .contains("  Message-ID: <1@a.example>\r\n")
        .contains("kept in INBOX")
        .doesNotContain("secret");
  }

  @Test
  void aScriptIsToldOfOnceUntilItChanges() throws Exception {
    script("u1", FAILS);
    for (int i = 0; i < 3; i++) {
      sendTo("u1@demo.test");
    }
    assertThat(in("u1", "INBOX")).hasSize(3);
    assertThat(notices("u1")).hasSize(1);
    assertThat(told("u1", 0)).contains("\r\n  there is no mailbox No\r\n");
    script("u1", FAILS + " # changed");
    for (int i = 0; i < 2; i++) {
      sendTo("u1@demo.test");
    }
    assertThat(notices("u1")).hasSize(2);
    script("u1", "keep;");
    sendTo("u1@demo.test");
    assertThat(notices("u1")).hasSize(2);
  }

  @Test
  void aDayLaterItIsToldAgainByWhicheverNode() throws Exception {
    script("u1", FAILS);
    sendTo("u1@demo.test");
    Duration day = Duration.ofDays(1);
    try (MailStore soon = later(day.minusMillis(1));
        MailStore then = later(day)) {
      servedBy(soon, Language.EN);
      sendTo("u1@demo.test");
      assertThat(notices("u1")).hasSize(1);
      servedBy(then, Language.EN);
      sendTo("u1@demo.test");
      sendTo("u1@demo.test");
      assertThat(notices("u1")).hasSize(2);
    }
    assertThat(in("u1", "INBOX")).hasSize(4);
  }

  @Test
  void aRepeatedDeliveryTellsOnce() throws Exception {
    script("u1", FAILS);
    for (int i = 0; i < 2; i++) {
      sessions = 0;
      sendTo("u1@demo.test");
    }
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(notices("u1")).hasSize(1);
  }

  /** The second one tells when the first one has just found that nothing was told. */
  @Test
  void twoDeliveriesAtOneMomentTellOnce() throws Exception {
    script("u1", FAILS);
    AtomicInteger blobs = new AtomicInteger();
    AtomicBoolean second = new AtomicBoolean();
    world
        .store
        .faults()
        .failWhile(
            call -> {
              blobs.addAndGet(call == Faults.Call.BLOB_FINISH ? 1 : 0);
              // The second blob is the notice.
              if (call == Faults.Call.APPEND && blobs.get() == 2 && !second.getAndSet(true)) {
                try {
                  sendTo("u1@demo.test");
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }
              return false;
            },
            Faults.When.BEFORE);
    sendTo("u1@demo.test");
    world.store.faults().clear();
    assertThat(second).isTrue();
    assertThat(blobs).hasValue(4);
    assertThat(in("u1", "INBOX")).hasSize(2);
    assertThat(notices("u1")).hasSize(1);
  }

  @Test
  void aNoticeThatCannotBeStoredHurtsNoDelivery() throws Exception {
    script("u1", FAILS);
    AtomicInteger blobs = new AtomicInteger();
    world
        .store
        .faults()
        .failWhile(
            call -> call == Faults.Call.BLOB_FINISH && blobs.incrementAndGet() > 1,
            Faults.When.BEFORE);
    sendTo("u1@demo.test");
    assertThat(world.store.faults().thrown()).isEqualTo(1);
    world.store.faults().clear();
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(notices("u1")).isEmpty();
    sendTo("u1@demo.test");
    assertThat(notices("u1")).hasSize(1);
  }

  @Test
  void whoHasNoRoomIsNotTold() throws Exception {
    script("small", FAILS);
    sendTo("small@demo.test");
    assertThat(in("small", "INBOX")).hasSize(1);
    assertThat(notices("small")).isEmpty();
  }

  @Test
  void ofScriptsForAllUsersAreNotTold() throws Exception {
    filter.put(ScriptBook.FOR_ALL, "all", ByteString.copyFromUtf8(FAILS));
    filter.scripts().choose(List.of("all"), List.of());
    script("u1", "keep;");
    sendTo("u1@demo.test");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(filter.scripts().scripts(ScriptBook.FOR_ALL).problem()).isPresent();
    assertThat(notices("u1")).isEmpty();
  }

  /** A notice is not for scripts: one that would put it elsewhere never sees it. */
  @Test
  void whoeverIsRedirectedToIsToldOfTheirOwnScript() throws Exception {
    script("u1", "redirect \"u2@demo.test\";");
    script(
        "u2",
        "require [\"fileinto\", \"envelope\", \"ihave\"];\n"
            + "if envelope \"from\" \"\" { fileinto \"Junk\"; } else { error \"no\"; }");
    sendTo("u1@demo.test");
    assertThat(in("u2", "INBOX")).hasSize(1);
    assertThat(notices("u1")).isEmpty();
    assertThat(notices("u2")).hasSize(1);
    assertThat(told("u2", 0)).contains("a message to\r\nu2@demo.test.").contains("line 2: no\r\n");
  }

  @Test
  void itIsToldInTheLanguageOfTheAccount() throws Exception {
    script("u1", FAILS);
    servedBy(world.mail, Language.JA);
    sendTo("u1@demo.test");
    sendTo("u1@demo.test");
    assertThat(notices("u1")).hasSize(1);
    String subject = notices("u1").getFirst().structure().envelope().subject();
    assertThat(EncodedWords.decode(String.valueOf(subject)))
        .isEqualTo("メール振り分けスクリプト「main」を実行できませんでした");
    assertThat(notice("u1", 0)).contains("Content-Language: ja\r\n").matches("\\p{ASCII}+");
    assertThat(told("u1", 0))
        .contains("u1@demo.test 宛てのメール", "there is no mailbox No", "差出人: Jö <jo@a.example>")
        .contains("INBOX に保存されています");
  }
}
