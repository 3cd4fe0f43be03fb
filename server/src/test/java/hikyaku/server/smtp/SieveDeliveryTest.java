package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.account.Annotating;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.filter.ScriptException;
import hikyaku.server.filter.Scripts;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.filter.SieveSettings.Redirection;
import hikyaku.server.queue.Outgoing;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Scripts at delivery, by LMTP, where each recipient has a reply. */
class SieveDeliveryTest extends ScriptedDelivery {
  @Test
  void severalMailboxesWithFlagsInOneRound() throws Exception {
    script(
        "u1",
        """
        require ["fileinto", "copy", "imap4flags", "mailbox", "envelope", "variables"];
        if envelope :matches "to" "u1+*@*" {
          fileinto :copy :create :flags ["\\\\Seen", "work"] "Lists/${1}";
        }
        fileinto :copy "Archive";
        setflag "\\\\Flagged";
        """);
    assertThat(send(List.of("u1+java@demo.test", "u2@demo.test"), "Subject: hello\n\nbody\n"))
        .containsExactly("250 2.0.0", "250 2.0.0");
    assertThat(in("u1", "Lists/java"))
        .containsExactly(Flags.of(SystemFlag.SEEN.bit(), List.of("work")));
    assertThat(in("u1", "Archive")).containsExactly(Flags.NONE);
    assertThat(in("u1", "INBOX")).containsExactly(Flags.of(SystemFlag.FLAGGED));
    assertThat(in("u2", "INBOX")).containsExactly(Flags.NONE);
    assertThat(mail("u1").tree().isSubscribed("Lists/java")).isTrue();
  }

  /** The trace fields of this delivery are seen as well. */
  @Test
  void theHeaderOfTheDeliveryIsSeen() throws Exception {
    script(
        "u1",
        """
        require ["fileinto"];
        if allof (address "return-path" "a@b.example",
                  header :contains "received" "LMTP",
                  address "delivered-to" "u1@demo.test",
                  header "subject" "x") {
          fileinto "Junk";
        }
        """);
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "Junk")).hasSize(1);
    assertThat(in("u1", "INBOX")).isEmpty();
  }

  /** By the fields that the settings name, and by expressions. */
  @Test
  void whatScannersSaidIsSeen() throws Exception {
    script(
        "u1",
        """
        require ["spamtest", "virustest", "relational", "comparator-i;ascii-numeric", "regex",
                 "variables", "mailbox", "fileinto"];
        if anyof (spamtest :value "ge" :comparator "i;ascii-numeric" "7", virustest "5") {
          fileinto "Junk";
        } elsif header :regex "subject" "^\\\\[([a-z]+) #[0-9]+]" {
          fileinto :create "Tickets/${1}";
        }
        """);
    List<String> to = List.of("u1@demo.test");
    send(to, "X-Spam-Score: 9.1\nSubject: x\n\nbody\n");
    send(to, "X-Virus-Status: Infected\nSubject: x\n\nbody\n");
    send(to, "X-Spam-Score: 1.5\nSubject: [web #12] x\n\nbody\n");
    assertThat(in("u1", "Junk")).hasSize(2);
    assertThat(in("u1", "Tickets/web")).hasSize(1);
  }

  @Test
  void whatIsDiscardedIsAccepted() throws Exception {
    script("u1", "discard;");
    assertThat(send(List.of("u1@demo.test"), "Subject: x\n\nbody\n")).containsExactly("250 2.0.0");
    assertThat(in("u1", "INBOX")).isEmpty();
  }

  @Test
  void aRunThatFailsKeepsTheMessageAndIsTold() throws Exception {
    script("u1", "require [\"fileinto\", \"ihave\"];\nfileinto \"Junk\";\nerror \"no\";\n");
    assertThat(send(List.of("u1@demo.test"), "Subject: x\n\nbody\n")).containsExactly("250 2.0.0");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(in("u1", "Junk")).isEmpty();
    assertThat(problem("u1").line()).isEqualTo(3);
    assertThat(problem("u1").sentence()).isEqualTo("no");
    long noted = filter.scripts().scripts(world.directory.named("u1").id()).seq();
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(filter.scripts().scripts(world.directory.named("u1").id()).seq()).isEqualTo(noted);
  }

  @Test
  void aMailboxThatIsNotThereIsAFailure() throws Exception {
    script("u1", "require [\"fileinto\", \"copy\"];fileinto :copy \"Junk\"; fileinto \"No\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(in("u1", "Junk")).isEmpty();
    assertThat(problem("u1").sentence()).isEqualTo("there is no mailbox No");
  }

  @Test
  void specialUse() throws Exception {
    script(
        "u1",
        "require [\"fileinto\", \"special-use\"]; fileinto :specialuse \"\\\\Junk\" \"None\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "Junk")).hasSize(1);
  }

  /** Who is named in the log may be looked up when the message is there already. */
  @Test
  void whatIsDurableIsAcceptedThoughTheStoreFailsThen() throws Exception {
    script("u1", "redirect \"u2@demo.test\";");
    world
        .store
        .faults()
        .failWhile(
            call -> {
              world.directory.unreachable |= call == Faults.Call.APPEND;
              return false;
            },
            Faults.When.BEFORE);
    assertThat(send(List.of("u1@demo.test"), "Subject: x\n\nbody\n")).containsExactly("250 2.0.0");
    world.store.faults().clear();
    world.directory.unreachable = false;
    assertThat(in("u2", "INBOX")).hasSize(1);
  }

  @Test
  void redirectsGoToAccountsHereByTheirScripts() throws Exception {
    script("u1", "require \"copy\"; redirect :copy \"u2@demo.test\";");
    script("u2", "require \"fileinto\"; fileinto \"Archive\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(in("u2", "INBOX")).isEmpty();
    assertThat(header("u2", "Archive"))
        .startsWith(
            "Return-Path: <a@b.example>\r\nDelivered-To: u2@demo.test\r\n"
                + "Delivered-To: u1@demo.test\r\n")
        .endsWith("Subject: x\r\n\r\nbody\r\n");
  }

  @Test
  void redirectsInACircleLoseNothing() throws Exception {
    script("u1", "redirect \"u2@demo.test\";");
    script("u2", "redirect \"u3@demo.test\";");
    script("u3", "redirect \"u1@demo.test\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "INBOX")).isEmpty();
    assertThat(in("u2", "INBOX")).isEmpty();
    assertThat(in("u3", "INBOX")).hasSize(1);
    assertThat(problem("u3").sentence()).isEqualTo("u1@demo.test has had this message before");
  }

  @Test
  void aCircleIsSeenInWhateverScriptItsAddressesAre() throws Exception {
    script("u1", "redirect \"zo\u00eb@demo.test\";");
    forAll = " SMTPUTF8";
    String octets =
        new String(
            "zo\u00eb@demo.test".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    send(List.of("u1@demo.test"), "Delivered-To: " + octets + "\nSubject: x\n\nbody\n");
    assertThat(in("zo\u00eb", "INBOX")).isEmpty();
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(problem("u1").sentence())
        .isEqualTo("zo\u00eb@demo.test has had this message before");
  }

  @Test
  void redirectToOneselfIsAKeep() throws Exception {
    script("u1", "redirect \"u1+x@demo.test\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "INBOX")).hasSize(1);
  }

  @Test
  void redirectsThatCannotBeAreRefusedWhenStored() {
    assertThatThrownBy(() -> script("u1", "keep;\n redirect \"nobody@demo.test\";"))
        .isInstanceOf(ScriptException.Invalid.class)
        .hasMessage("line 2, column 2: there is nobody at nobody@demo.test");
    assertThatThrownBy(() -> script("u1", "redirect \"x@[127.0.0.1]\";"))
        .hasMessageContaining("is no address that mail can be redirected to");
    filter =
        Filter.of(
            world.mail,
            world.directory,
            new SieveSettings(Redirection.HERE, 4, 30, 200, "X-Spam-Score", 10, "X-Virus-Status"));
    assertThatThrownBy(() -> script("u1", "redirect \"x@elsewhere.example\";"))
        .hasMessage(
            "line 1, column 1: x@elsewhere.example is of another mail service, and this one"
                + " redirects to its own alone");
    filter =
        Filter.of(
            world.mail,
            world.directory,
            new SieveSettings(
                Redirection.NOWHERE, 4, 30, 200, "X-Spam-Score", 10, "X-Virus-Status"));
    assertThatThrownBy(() -> script("u1", "redirect \"u2@demo.test\";"))
        .hasMessage("line 1, column 1: this service redirects no mail");
  }

  @Test
  void redirectsThatTurnOutNotToBeKeepTheMessage() throws Exception {
    script("u1", "require \"variables\"; set \"d\" \"demo.test\"; redirect \"x@${d}\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(problem("u1").sentence()).isEqualTo("there is nobody at x@demo.test");
    script("u1", "redirect \"small@demo.test\";");
    send(List.of("u1@demo.test"), "Subject: x\n\n" + "body\n".repeat(300));
    assertThat(in("u1", "INBOX")).hasSize(2);
    assertThat(in("small", "INBOX")).isEmpty();
    assertThat(problem("u1").sentence()).isEqualTo("the mailbox of small@demo.test is full");
  }

  /** The node dies behind the round, and another one repeats it: the mailbox is full of just it. */
  @Test
  void whatWasRedirectedBeforeFindsItsRoomAgain() throws Exception {
    script("u1", "redirect \"small@demo.test\";");
    for (boolean again : List.of(false, true)) {
      sessions = 0;
      repeating = again;
      assertThat(send(List.of("u1@demo.test"), "Subject: x\n\n" + "body\n".repeat(60)))
          .containsExactly("250 2.0.0");
    }
    assertThat(in("small", "INBOX")).hasSize(1);
    assertThat(in("u1", "INBOX")).isEmpty();
    assertThat(notices("u1")).isEmpty();
  }

  // ---- redirects to other services

  @Test
  void redirectsToOthersGoThroughTheQueueUnderTheAuthorsName() throws Exception {
    script(
        "u1",
        """
        require "copy";
        redirect :copy "a@elsewhere.example";
        redirect "B@Elsewhere.EXAMPLE";
        """);
    assertThat(send(List.of("u1+x@demo.test", "u2@demo.test"), "Subject: x\n\nbody\n"))
        .containsExactly("250 2.0.0", "250 2.0.0");
    assertThat(in("u1", "INBOX")).isEmpty();
    assertThat(in("u2", "INBOX")).hasSize(1);
    assertThat(queued()).hasSize(1);
    Outgoing message = queued().getFirst();
    assertThat(message.sender()).hasToString("a@b.example");
    assertThat(message.transaction()).isEqualTo("t1.1.id-u1");
    assertThat(message.recipients())
        .extracting(to -> to.address() + " " + to.parameters())
        .containsExactly(
            "a@elsewhere.example RcptParameters[notifyOn=null,"
                + " orcpt=OriginalRecipient[type=rfc822, address=u1+x@demo.test]]",
            "B@elsewhere.example RcptParameters[notifyOn=null,"
                + " orcpt=OriginalRecipient[type=rfc822, address=u1+x@demo.test]]");
    assertThat(text(message))
        .startsWith("Delivered-To: u1@demo.test\r\nDelivered-To: u1+x@demo.test\r\nReceived: ")
        .endsWith("\r\nSubject: x\r\n\r\nbody\r\n");
  }

  @Test
  void aRepeatedDeliveryIsSentOnOnce() throws Exception {
    script("u1", "redirect \"a@elsewhere.example\";");
    for (int i = 0; i < 3; i++) {
      sessions = 0;
      assertThat(send(List.of("u1@demo.test"), "Subject: x\n\nbody\n"))
          .containsExactly("250 2.0.0");
    }
    assertThat(queued()).hasSize(1);
  }

  @Test
  void redirectsToOthersAreBounded() throws Exception {
    script("u1", "redirect \"a@elsewhere.example\";");
    int most = World.SIEVE.mailsPerHour();
    for (int i = 0; i < most + 2; i++) {
      send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    }
    assertThat(queued()).hasSize(most);
    assertThat(in("u1", "INBOX")).hasSize(2);
    assertThat(problem("u1").sentence())
        .isEqualTo("the scripts of an account send at most 10 mails in an hour");
    script("u2", "redirect \"a@elsewhere.example\";");
    send(List.of("u2@demo.test"), "Received: x\n".repeat(29) + "\nbody\n");
    send(List.of("u2@demo.test"), "Received: x\n".repeat(30) + "\nbody\n");
    assertThat(queued()).hasSize(most + 1);
    assertThat(in("u2", "INBOX")).hasSize(1);
    assertThat(problem("u2").sentence())
        .isEqualTo("the message has come through too many servers to be sent on");
  }

  // ---- answers

  private static final String TO_U1 = "To: u1@demo.test\nMessage-ID: <1@b.example>\n";

  @Test
  void aSenderIsAnsweredOnceByTheQueue() throws Exception {
    script(
        "u1",
        """
        require ["vacation", "fcc"];
        vacation :subject "F\u00fcr dich" :fcc "Sent" "Gone\nfishing.";
        """);
    for (int i = 0; i < 3; i++) {
      assertThat(send(List.of("u1@demo.test"), TO_U1 + "References: <0@b.example>\n\nx\n"))
          .containsExactly("250 2.0.0");
    }
    assertThat(in("u1", "INBOX")).hasSize(3);
    assertThat(queued()).hasSize(1);
    Outgoing answer = queued().getFirst();
    assertThat(answer.sender()).hasToString("");
    assertThat(answer.recipients())
        .extracting(to -> to.address().toString())
        .containsExactly("a@b.example");
    assertThat(text(answer))
        .isEqualTo(
            """
            From: u1@demo.test
            To: a@b.example
            Subject: =?utf-8?B?RsO8ciBkaWNo?=
            Date: Sun, 22 Nov 2026 10:00:00 +0000
            Message-ID: <%s@mx.demo.test>
            In-Reply-To: <1@b.example>
            References: <0@b.example>
             <1@b.example>
            Auto-Submitted: auto-replied (vacation)
            MIME-Version: 1.0
            Content-Type: text/plain; charset=us-ascii
            Content-Transfer-Encoding: 7bit

            Gone
            fishing.
            """
                .formatted(answer.transaction())
                .replace("\n", "\r\n"));
    assertThat(in("u1", "Sent")).hasSize(1);
    assertThat(header("u1", "Sent")).isEqualTo(text(answer));
    sender = "other@b.example";
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(queued()).hasSize(2);
    // To whom it is not addressed, nobody answers; nor to nobody.
    sender = "third@b.example";
    send(List.of("u1@demo.test"), "To: team@demo.test\n\nx\n");
    sender = "";
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(queued()).hasSize(2);
  }

  @Test
  void theSameAttemptAnswersOnceAndRemembersOnce() throws Exception {
    script("u1", "require [\"vacation-seconds\"]; vacation :seconds 0 \"gone\";");
    for (int i = 0; i < 2; i++) {
      sessions = 0;
      send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    }
    assertThat(queued()).hasSize(1);
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(queued()).hasSize(2);
  }

  @Test
  void anAnswerInMimeSaysNothingOfWhoSendsIt() throws Exception {
    script(
        "u1",
        """
        require "vacation";
        vacation :mime text:
        Content-Type: text/html; charset=utf-8
        Bcc: victim@b.example
         ,other@b.example
        Content-Transfer-Encoding: 8bit

        <b>gone</b>
        .
        ;
        """);
    send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    assertThat(text(queued().getFirst()))
        .contains(
            "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-")
        .endsWith("8bit\r\n\r\n<b>gone</b>\r\n")
        .doesNotContain("victim", "other@");
  }

  /** RFC 5293 §7: by its header alone it is no other message; RFC 5232 §3: the last flags win. */
  @Test
  void aMessageWithTwoHeadersIsFiledOnce() throws Exception {
    script(
        "u1",
        "require [\"editheader\", \"fileinto\", \"imap4flags\"]; keep :flags \"a\";"
            + " addheader \"X-Flavor\" \"vanilla\"; fileinto :flags \"b\" \"INBOX\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nx\n");
    assertThat(in("u1", "INBOX")).containsExactly(Flags.of(0, List.of("b")));
    assertThat(header("u1", "INBOX")).doesNotContain("X-Flavor");
    script(
        "u1", "require [\"replace\", \"fileinto\"]; keep; replace \"other\"; fileinto \"INBOX\";");
    send(List.of("u1@demo.test"), "Subject: y\n\nx\n");
    assertThat(in("u1", "INBOX")).hasSize(3);
  }

  /** RFC 5183 §4.1. */
  @Test
  void theClientIsNamedAsItIs() throws Exception {
    script(
        "u1",
        """
        require ["environment", "fileinto", "mailbox", "variables"];
        if environment :matches "remote-host" "*" { set "host" "${1}"; }
        if environment :matches "remote-ip" "*" { set "ip" "${1}"; }
        fileinto :create "H${host}I${ip}";
        """);
    for (String name : List.of("c", "[192.0.2.9]", "Mail.B.example")) {
      hello = name;
      send(List.of("u1@demo.test"), "Subject: " + name + "\n\nx\n");
    }
    client = new InetSocketAddress(InetAddress.ofLiteral("2001:db8::1"), 25);
    send(List.of("u1@demo.test"), "Subject: v6\n\nx\n");
    assertThat(in("u1", "HI127.0.0.1")).hasSize(2);
    assertThat(in("u1", "Hmail.b.exampleI127.0.0.1")).hasSize(1);
    assertThat(in("u1", "Hmail.b.exampleIIPv6:2001:db8:0:0:0:0:0:1")).hasSize(1);
  }

  // ---- refusals

  @Test
  void aRefusalIsTheReplyWhereItCanBe() throws Exception {
    script("u1", "require \"ereject\"; ereject \"Not\r\nwanted\";");
    assertThat(send("a@b.example", List.of("u1@demo.test", "u2@demo.test"), "Subject: x\n\nbody\n"))
        .first()
        .isEqualTo("550-5.7.1 Not");
    assertThat(in("u1", "INBOX")).isEmpty();
    assertThat(in("u2", "INBOX")).hasSize(1);
    assertThat(queued()).isEmpty();
  }

  /** An alias that leads to somebody who takes it. */
  @Test
  void aRefusalIsAMailWhereNoReplyCanTellIt() throws Exception {
    script("u1", "require \"ereject\"; ereject \"Not wanted\";");
    assertThat(send(List.of("info@demo.test"), TO_U1 + "\nx\n")).containsExactly("250 2.0.0");
    assertThat(in("u1", "INBOX")).isEmpty();
    assertThat(in("u2", "INBOX")).hasSize(1);
    assertThat(queued().getFirst().sender()).hasToString("");
    assertThat(text(queued().getFirst()))
        .contains("To: a@b.example\r\n")
        .contains("report-type=delivery-status")
        .contains("Final-Recipient: rfc822; info@demo.test\r\nAction: failed\r\nStatus: 5.7.1\r\n")
        .contains("\r\nNot wanted\r\n")
        .contains("Message-ID: <1@b.example>");
    script("u1", "require \"reject\"; reject \"Nein, \u00fcberhaupt nicht\";");
    sender = "c@b.example";
    assertThat(send(List.of("u1@demo.test"), TO_U1 + "\nx\n")).containsExactly("250 2.0.0");
    assertThat(text(queued().getLast()))
        .contains("To: c@b.example\r\n")
        .contains("Original-Message-ID: <1@b.example>\r\n")
        .contains("Disposition: automatic-action/MDN-sent-automatically; deleted\r\n");
    sender = "";
    assertThat(send(List.of("u1@demo.test"), TO_U1 + "\nx\n")).containsExactly("250 2.0.0");
    assertThat(queued()).hasSize(2);
    assertThat(in("u1", "INBOX")).isEmpty();
  }

  /** RFC 6533; and what is returned is as it came, in whatever it is written. */
  @Test
  void aRefusalOfInternationalMailIsAnInternationalReport() throws Exception {
    String latin = "X-Name: M\u00fcller\n" + TO_U1 + "\nx\n";
    script("u1", "require \"ereject\"; ereject \"Not wanted\";");
    send(List.of("info@demo.test"), latin);
    assertThat(text(queued().getLast()))
        .contains("Content-Type: message/delivery-status\r\n\r\n")
        .contains("Content-Type: text/rfc822-headers\r\n")
        .contains("\r\nX-Name: M\u00fcller\r\n");
    assertThat(queued().getLast().smtpUtf8()).isFalse();
    forAll = " SMTPUTF8";
    send(List.of("info@demo.test"), latin);
    assertThat(text(queued().getLast()))
        .contains("Content-Type: message/global-delivery-status\r\n")
        .contains("Final-Recipient: utf-8; info@demo.test\r\n")
        .contains("Content-Type: message/global-headers\r\n");
    assertThat(queued().getLast().smtpUtf8()).isTrue();
    script("u1", "require \"reject\"; reject \"Nein, \u00fcberhaupt nicht\";");
    send(List.of("u1@demo.test"), latin);
    assertThat(text(queued().getLast()))
        .contains("Content-Type: message/global-disposition-notification\r\n")
        .contains("Final-Recipient: utf-8; u1@demo.test\r\n");
  }

  @Test
  void aRefusalIsInTheLanguageOfTheSender() throws Exception {
    script("u1", "require \"ereject\"; ereject \"Not wanted\";");
    send("x@catch.test", List.of("info@demo.test"), TO_U1 + "\nx\n");
    String refusal =
        new String(
            text(queued().getLast()).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    assertThat(refusal)
        .contains("Subject: " + EncodedWords.encodeFolded("メールの受け取りが拒否されました") + "\r\n")
        .contains("\r\nContent-Language: ja\r\n")
        .contains("次の宛先のメール振り分け設定により受け取りが拒否されました。\r\n\r\n  info@demo.test\r\n\r\n");
    send("x@catch.test", List.of("info@demo.test"), "Content-Language: en\n" + TO_U1 + "\nx\n");
    assertThat(text(queued().getLast()))
        .contains("Subject: Your message was refused\r\n")
        .contains(
            "\r\n\r\nYour message was refused by the mail filter of\r\n\r\n  info@demo.test\r\n\r\n"
                + "The reason given is:\r\n\r\nNot wanted\r\n");
  }

  // ---- memory, notifications, includes

  @Test
  void duplicatesAreKnownOnceTheFirstWasTaken() throws Exception {
    script("u1", "require \"duplicate\"; if duplicate { discard; }");
    for (int i = 0; i < 3; i++) {
      send(List.of("u1@demo.test", "u2@demo.test"), TO_U1 + "\nx\n");
    }
    send(List.of("u1@demo.test"), "Message-ID: <2@b.example>\n\nx\n");
    send(List.of("u1@demo.test"), "Subject: none\n\nx\n");
    send(List.of("u1@demo.test"), "Subject: none\n\nx\n");
    assertThat(in("u1", "INBOX")).hasSize(4);
    assertThat(in("u2", "INBOX")).hasSize(3);
  }

  /** What no mailbox took comes again, and is taken for known no more than for answered. */
  @Test
  void whatNobodyTookLeavesNothing() throws Exception {
    script(
        "u1",
        "require [\"duplicate\", \"vacation\"]; vacation \"gone\"; if duplicate { discard; }");
    MailboxLimits d = MailboxLimits.DEFAULT;
    MailboxLimits full =
        new MailboxLimits(
            d.folders(),
            d.nameOctets(),
            d.depth(),
            d.subscriptions(),
            d.annotations(),
            d.annotationOctets(),
            d.rights(),
            d.sharers(),
            d.keywords(),
            d.keywordLength(),
            0,
            d.tombstones(),
            d.conflicts(),
            d.snapshotAfter(),
            d.history(),
            d.cachedMessages(),
            d.briefOctets());
    try (MailStore fullMail = new MailStore(world.store, world.mail.clock(), full)) {
      protocol =
          new SmtpServer(
              SmtpFace.LMTP,
              TestSettings.DEFAULT,
              SmtpServices.of(
                  world.directory, world.authenticator, fullMail, Optional.empty(), world.meters));
      assertThat(send(List.of("u1@demo.test"), TO_U1 + "\nx\n")).containsExactly("452 4.2.2");
    }
    assertThat(queued()).isEmpty();
    protocol = world.protocol;
    assertThat(send(List.of("u1@demo.test"), TO_U1 + "\nx\n")).containsExactly("250 2.0.0");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(queued()).hasSize(1);
  }

  @Test
  void aRepeatedAttemptDoesNotFindItselfADuplicate() throws Exception {
    script("u1", "require [\"duplicate\", \"fileinto\"]; if duplicate { fileinto \"Junk\"; }");
    for (int i = 0; i < 2; i++) {
      sessions = 0;
      send(List.of("u1@demo.test"), TO_U1 + "\nx\n");
    }
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(in("u1", "Junk")).isEmpty();
  }

  @Test
  void notificationsGoOut() throws Exception {
    script("u1", "require \"enotify\"; notify :importance \"1\" \"mailto:p@q.example\";");
    send(List.of("u1@demo.test"), "Subject: hello\nFrom: x@b.example\n\nx\n");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(queued()).hasSize(1);
    assertThat(queued().getFirst().sender()).hasToString("u1@demo.test");
    assertThat(text(queued().getFirst()))
        .startsWith("From: u1@demo.test\r\nTo: p@q.example\r\nSubject: hello\r\n")
        .contains("Auto-Submitted: auto-notified; owner-email=\"u1@demo.test\"\r\n")
        .contains("Importance: High\r\n")
        .contains("From: x@b.example");
  }

  @Test
  void scriptsOfTheAccountAndForAllAreIncluded() throws Exception {
    filter.put(
        world.directory.named("u1").id(),
        "junk",
        ByteString.copyFromUtf8("require \"fileinto\"; fileinto \"Junk\";"));
    filter.put(ScriptBook.FOR_ALL, "rules", ByteString.copyFromUtf8("keep;"));
    script("u1", "require \"include\"; include \"junk\"; include :global \"rules\";");
    send(List.of("u1@demo.test"), "Subject: x\n\nx\n");
    assertThat(in("u1", "Junk")).hasSize(1);
    assertThat(in("u1", "INBOX")).hasSize(1);
    String id = hikyaku.mailbox.account.MailboxId.of(mail("u1").mailbox("Junk").log());
    script(
        "u1",
        "require [\"mailboxid\", \"fileinto\"]; if mailboxidexists \""
            + id
            + "\" { fileinto :mailboxid \""
            + id
            + "\" \"None\"; }");
    send(List.of("u1@demo.test"), "Subject: x\n\nx\n");
    assertThat(in("u1", "Junk")).hasSize(2);
  }

  /** RFC 5490 §3.3, §4.1: what a client has noted, and nobody else's notes. */
  @Test
  void annotationsAreLookedAt() throws Exception {
    script(
        "u1",
        """
        require ["mboxmetadata", "servermetadata", "fileinto", "mailbox", "variables"];
        if metadata "INBOX" "/private/Comment" "gone" { fileinto :create "gone"; }
        if metadata "Junk" "/private/specialuse" "\\\\Junk" { fileinto :create "special"; }
        if servermetadata :matches "/private/comment" "to *" { fileinto :create "${1}"; }
        if anyof (metadataexists "None" "/private/comment", servermetadataexists "/shared/comment",
                  metadataexists "INBOX" ["/private/comment", "/private/other"]) {
          fileinto :create "wrong";
        }
        """);
    send(List.of("u1@demo.test"), "Subject: x\n\nx\n");
    assertThat(in("u1", "special")).hasSize(1);
    assertThat(mail("u1").tree().folder("gone")).isEmpty();
    annotate("INBOX", "/private/comment", "gone");
    annotate("INBOX", "somebody/private/other", "x");
    annotate("", "/private/comment", "to Büro");
    send(List.of("u1@demo.test"), "Subject: x\n\nx\n");
    assertThat(in("u1", "gone")).hasSize(1);
    assertThat(in("u1", "special")).hasSize(2);
    assertThat(in("u1", "Büro")).hasSize(1);
    assertThat(mail("u1").tree().folder("wrong")).isEmpty();
  }

  private void annotate(String mailbox, String entry, String value) {
    mail("u1")
        .annotate(
            mailbox,
            new Annotating(Map.of(entry, Optional.of(ByteString.copyFromUtf8(value))), null),
            Attempt.ONLY);
  }

  @Test
  void scriptsForAllRunAroundTheAccountsOwn() throws Exception {
    String all = ScriptBook.FOR_ALL;
    filter.put(
        all,
        "spam",
        ByteString.copyFromUtf8(
            "require [\"fileinto\", \"imap4flags\"];\nif exists \"x-spam\" { fileinto \"Junk\"; }"
                + " addflag \"seen-by-all\"; stop;"));
    filter.put(all, "last", ByteString.copyFromUtf8("require \"fileinto\"; fileinto \"Archive\";"));
    filter.scripts().choose(List.of("spam"), List.of("last"));
    script("u1", "if header \"subject\" \"x\" { keep; }");
    send(List.of("u1@demo.test", "u2@demo.test"), "X-Spam: 1\nSubject: x\n\nx\n");
    assertThat(in("u1", "Junk")).hasSize(1);
    assertThat(in("u2", "Junk")).hasSize(1);
    send(List.of("u1@demo.test", "u2@demo.test"), "Subject: x\n\nx\n");
    assertThat(in("u1", "INBOX")).containsExactly(Flags.of(0, List.of("seen-by-all")));
    assertThat(in("u2", "INBOX")).isEmpty();
    assertThat(in("u2", "Archive")).hasSize(1);
    assertThatThrownBy(() -> filter.scripts().delete(all, "last"))
        .isInstanceOf(ScriptException.Active.class);
    assertThatThrownBy(() -> filter.scripts().choose(List.of("none"), List.of()))
        .isInstanceOf(ScriptException.Nonexistent.class);
    filter.put(all, "spam", ByteString.copyFromUtf8("require \"ihave\";\nerror \"no\";"));
    send(List.of("u1@demo.test"), "Subject: y\n\nx\n");
    assertThat(in("u1", "INBOX")).hasSize(2);
    assertThat(filter.scripts().scripts(all).problem().orElseThrow())
        .extracting(Scripts.Problem::script, Scripts.Problem::line, Scripts.Problem::sentence)
        .containsExactly("spam", 2, "no");
    assertThat(filter.scripts().scripts(world.directory.named("u1").id()).problem()).isEmpty();
    filter.scripts().choose(List.of(), List.of());
    filter.scripts().delete(all, "last");
    send(List.of("u2@demo.test"), "Subject: x\n\nx\n");
    assertThat(in("u2", "INBOX")).hasSize(1);
  }

  /** Not the one that acts last: what is too much is so by a redirect. */
  @Test
  void theScriptWhoseActionCannotBeDoneIsBlamed() throws Exception {
    filter.put(
        ScriptBook.FOR_ALL,
        "copies",
        ByteString.copyFromUtf8("require \"copy\"; redirect :copy \"a@elsewhere.example\";"));
    filter.scripts().choose(List.of("copies"), List.of());
    script("u1", "keep;");
    // Ten in an hour are the most.
    for (int i = 0; i < 11; i++) {
      send(List.of("u1@demo.test"), "Subject: x\n\nx\n");
    }
    assertThat(queued()).hasSize(10);
    assertThat(in("u1", "INBOX")).hasSize(11);
    assertThat(filter.scripts().scripts(ScriptBook.FOR_ALL).problem().orElseThrow())
        .extracting(Scripts.Problem::script, Scripts.Problem::sentence)
        .containsExactly("copies", "the scripts of an account send at most 10 mails in an hour");
    assertThat(filter.scripts().scripts(world.directory.named("u1").id()).problem()).isEmpty();
    assertThat(notices("u1")).isEmpty();
  }

  @Test
  void eachActionHasTheHeaderAsItWasByThen() throws Exception {
    script(
        "u1",
        """
        require ["editheader", "fileinto", "copy"];
        fileinto :copy "Archive";
        addheader "X-Seen" "one";
        redirect :copy "a@elsewhere.example";
        deleteheader "Subject";
        redirect :copy "b@elsewhere.example";
        redirect :copy "u2@demo.test";
        """);
    send(List.of("u1@demo.test"), "Subject: x\nDate: y\n\nbody\n");
    assertThat(header("u1", "Archive")).endsWith("\r\nSubject: x\r\nDate: y\r\n\r\nbody\r\n");
    assertThat(header("u1", "INBOX")).endsWith("\r\nX-Seen: one\r\nDate: y\r\n\r\nbody\r\n");
    assertThat(header("u2", "INBOX")).endsWith("\r\nX-Seen: one\r\nDate: y\r\n\r\nbody\r\n");
    assertThat(queued()).hasSize(2);
    for (Outgoing each : queued()) {
      boolean first = each.recipients().getFirst().address().localPart().equals("a");
      assertThat(text(each))
          .endsWith(
              "\r\nX-Seen: one\r\n" + (first ? "Subject: x\r\n" : "") + "Date: y\r\n\r\nbody\r\n");
    }
  }

  /** RFC 5703 §5, §6: what is kept is what was made; what is sent on has nothing around it. */
  @Test
  void whatAMessageHoldsIsReplacedAndEnclosed() throws Exception {
    script(
        "u1",
        """
        require ["mime", "foreverypart", "replace", "enclose", "fileinto", "copy", "body"];
        fileinto :copy "Archive";
        foreverypart {
          if header :mime :param "filename" :matches "content-disposition" "*.exe" {
            replace "removed";
          }
        }
        enclose :subject "Warning" "look out";
        redirect :copy "a@elsewhere.example";
        redirect :copy "u2@demo.test";
        """);
    String message =
        "Subject: x\n"
            + "Message-ID: <1@b.example>\n"
            + "Content-Type: multipart/mixed; boundary=b\n\n"
            + "--b\n\n"
            + "hello\n"
            + "--b\n"
            + "Content-Disposition: attachment; filename=v.exe\n\n"
            + "virus\n"
            + "--b--\n";
    send(List.of("u1@demo.test"), message);
    String came = message.replace("\n", "\r\n");
    String replaced =
        came.replace(
            "Content-Disposition: attachment; filename=v.exe\r\n\r\nvirus",
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
                + "removed\r\n");
    assertThat(header("u1", "Archive")).endsWith("\r\n" + came);
    assertThat(header("u2", "INBOX")).endsWith("\r\n" + replaced);
    assertThat(text(queued().getFirst())).endsWith("\r\n" + replaced);
    assertThat(header("u1", "INBOX"))
        .startsWith("Return-Path: <a@b.example>\r\nDelivered-To: u1@demo.test\r\nReceived: ")
        .contains("\r\nFrom: u1@demo.test\r\nSubject: Warning\r\nMessage-ID: <")
        .contains("\r\n\r\nlook out\r\n")
        .contains(
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + replaced);
    Mailbox mailbox = mail("u1").mailbox("INBOX");
    NewMessage kept = mailbox.messages().read(mailbox.refresh(), 0).orElseThrow().message();
    assertThat(kept.structure().envelope().subject()).isEqualTo("Warning");
    assertThat(kept.structure().envelope().messageId()).doesNotContain("1@b.example");
    assertThat(kept.structure().part(List.of(2, 1)).children()).isEmpty();
  }

  /** RFC 6134: the groups that an account is in, and no others. */
  @Test
  void scriptsAskForGroupsThatTheAccountIsIn() throws Exception {
    String script =
        """
        require ["extlists", "envelope", "fileinto"];
        if not valid_ext_list "tag:demo.test,2026-01:info" { discard; }
        if valid_ext_list "tag:demo.test,2026:away" { discard; }
        if valid_ext_list "tag:demo.test,2026:u1" { discard; }
        if valid_ext_list "tag:other.test,2026:info" { discard; }
        if valid_ext_list ["https://demo.test/info", ":addrbook:default"] { discard; }
        if envelope :list "from" ["tag:demo.test,2026:info", "tag:demo.test,2026-01-02:club"] {
          fileinto "Archive";
        }
        """;
    script("u1", script);
    for (String from : List.of("u2@demo.test", "U2+x@demo.test", "jo@a.example")) {
      send(from, List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    }
    assertThat(in("u1", "Archive")).hasSize(3);
    for (String from :
        List.of("u3@demo.test", "info@demo.test", "nobody@demo.test", "x@b.example")) {
      send(from, List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    }
    assertThat(in("u1", "INBOX")).hasSize(4);
    assertThat(in("u1", "Archive")).hasSize(3);
    script("u3", script.replace("not valid", "valid"));
    send(List.of("u3@demo.test"), "Subject: x\n\nbody\n");
    assertThat(problem("u3").sentence()).isEqualTo("there is no list tag:demo.test,2026:info");
    assertThat(in("u3", "INBOX")).hasSize(1);
  }

  /** What goes to a group goes round no circle; whoever is in it has it once. */
  @Test
  void groupsAreRedirectedTo() throws Exception {
    String script = "require \"extlists\"; redirect :list \"tag:demo.test,2026:info\";";
    script("u1", script);
    script("u2", script);
    assertThat(send(List.of("u1@demo.test"), "Subject: x\n\nbody\n")).containsExactly("250 2.0.0");
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(in("u2", "INBOX")).hasSize(1);
    // Not everybody may write to that one.
    script("u1", script.replace("info", "club"));
    send(List.of("u1@demo.test"), "Subject: y\n\nbody\n");
    assertThat(in("u1", "INBOX")).hasSize(2);
    assertThat(problem("u1").sentence()).startsWith("not everybody may write to club@demo.test");
  }

  /** RFC 6134 §2.6: the user's own list, as mail programs note it. */
  @Test
  void theAccountsOwnListIsAnAnnotation() throws Exception {
    script(
        "u1",
        """
        require ["extlists", "fileinto"];
        if header :list "from" ":addrbook:default" {
          fileinto "Archive";
          redirect :list "urn:ietf:params:sieve:addrbook:default";
        }
        """);
    String message = "From: Jo <JO@a.example>\nSubject: x\n\nbody\n";
    send(List.of("u1@demo.test"), message);
    assertThat(in("u1", "INBOX")).hasSize(1);
    mail("u1")
        .annotate(
            "",
            new Annotating(
                Map.of(
                    "/private/vendor/hikyaku/addresses",
                    Optional.of(
                        ByteString.copyFromUtf8(
                            "# friends\r\n"
                                + "Jo <jo@a.example>\n\n"
                                + "nobody\n"
                                + "u2@demo.test\n"
                                + "JO@a.example"))),
                null),
            Attempt.ONLY);
    send(List.of("u1@demo.test"), message);
    assertThat(in("u1", "INBOX")).hasSize(1);
    assertThat(in("u1", "Archive")).hasSize(1);
    assertThat(in("u2", "INBOX")).hasSize(1);
    assertThat(queued().getFirst().recipients())
        .extracting(to -> to.address().toString())
        .containsExactly("jo@a.example");
  }

  /** A message is lost neither for a script that changes too much nor for one that loops. */
  @Test
  void mailIsKeptAsItCameIfItCannotBeChanged() throws Exception {
    script(
        "u1",
        """
        require ["foreverypart", "enclose"];
        foreverypart { enclose "one"; enclose "two"; enclose "three"; enclose "four"; enclose "five"; }
        discard;
        """);
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(header("u1", "INBOX")).endsWith("\r\nSubject: x\r\n\r\nbody\r\n");
    assertThat(problem("u1").sentence()).isEqualTo("a run encloses the message at most 4 times");
    assertThat(problem("u1").line()).isEqualTo(2);
  }

  @Test
  void afterDeactivationMailGoesToInbox() throws Exception {
    script("u1", "discard;");
    filter.scripts().activate(world.directory.named("u1").id(), "");
    send(List.of("u1@demo.test"), "Subject: x\n\nbody\n");
    assertThat(in("u1", "INBOX")).hasSize(1);
  }
}
