package hikyaku.mailbox.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.Brief;
import hikyaku.mailbox.log.ComparedSubject;
import hikyaku.mailbox.log.FlagChange;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreFixture;
import hikyaku.protocol.mime.BaseSubject;
import hikyaku.protocol.mime.Casemap;
import hikyaku.protocol.mime.Corpus;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimeParser;
import hikyaku.protocol.mime.SentDate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What briefs say is what parsing the message says, whether they were kept or are read, and
 * whatever became of the mailbox meanwhile.
 */
public abstract class BriefsContract extends StoreFixture {
  private static final List<String> ADDRESSES =
      List.of(
          "a@b.test", "Name <x@y.test>", "=?utf-8?q?=C3=84?= <q@r.test>", "group: m@n.test;", ",");

  private static final List<String> SUBJECTS =
      List.of(
          "", "Re: 7", "plain", "Fwd: [x] =?utf-8?q?=C3=A4ns?=", "[fwd: \u00e9]", "  two  words ");

  private record Said(
      @Nullable SentDate sent,
      Envelope envelope,
      List<String> references,
      ComparedSubject comparedSubject) {
    static Said of(Brief brief) {
      ComparedSubject comparedSubject = brief.comparedSubject();
      List<String> references = brief.references();
      Envelope envelope = brief.envelope();
      assertThat(brief.subject()).isEqualTo(envelope.subject());
      assertThat(brief.inReplyTo()).isEqualTo(envelope.inReplyTo());
      assertThat(brief.messageId()).isEqualTo(envelope.messageId());
      assertThat(brief.comparedSubject()).isEqualTo(comparedSubject);
      return new Said(brief.sent(), envelope, references, comparedSubject);
    }
  }

  private final Map<String, Said> parsed = new HashMap<>();
  private final Random random = new Random(7);
  private int attempts;

  private MailStore mail(long briefOctets) {
    MailboxLimits d = MailboxLimits.DEFAULT;
    return new MailStore(
        store,
        clock,
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
            d.messages(),
            d.tombstones(),
            d.conflicts(),
            1,
            java.time.Duration.ZERO,
            d.cachedMessages(),
            Optional.of(briefOctets)));
  }

  private Attempt attempt() {
    return new Attempt("briefs." + attempts++, Attempt.Phase.FIRST);
  }

  private void append(MailStore mail, Mailbox mailbox, List<byte[]> messages) {
    List<NewMessage> all = new ArrayList<>();
    for (byte[] octets : messages) {
      try (Intake intake = mail.intake()) {
        intake.write(octets, 0, octets.length);
        Intake.Received received = intake.finish();
        MimeParser parser = new MimeParser();
        parser.write(octets, 0, octets.length);
        MessageStructure fresh = parser.finish();
        parsed.put(
            received.blob().id().toString(),
            new Said(
                fresh.sent(),
                fresh.envelope(),
                fresh.references(),
                compared(fresh.envelope().subject())));
        all.add(
            new NewMessage(
                ByteString.EMPTY,
                received.blob(),
                new InternalDate(0, 0),
                Flags.NONE,
                received.structure(),
                "s"));
      }
    }
    mailbox.append(all, attempt());
  }

  private static ComparedSubject compared(@Nullable String subject) {
    BaseSubject base = BaseSubject.of(EncodedWords.decode(subject == null ? "" : subject));
    return new ComparedSubject(
        ByteString.copyFromUtf8(Casemap.fold(base.text())), base.replyOrForward());
  }

  private byte[] letter() {
    StringBuilder header = new StringBuilder();
    if (random.nextBoolean()) {
      header
          .append("Subject: ")
          .append(SUBJECTS.get(random.nextInt(SUBJECTS.size())))
          .append("\r\n");
    }
    for (String name : List.of("From", "To", "Cc", "Bcc", "Sender", "Reply-To")) {
      if (random.nextBoolean()) {
        header.append(name).append(": ");
        header.append(ADDRESSES.get(random.nextInt(ADDRESSES.size()))).append("\r\n");
      }
    }
    if (random.nextBoolean()) {
      header
          .append("Date: Mon, 7 Feb 1994 0")
          .append(random.nextInt(10))
          .append(":00:00 -0800\r\n");
    }
    if (random.nextBoolean()) {
      header.append("References: <").append(random.nextInt(9)).append("@t> <x@t>\r\n");
    }
    header.append("Message-ID: <").append(random.nextInt(99)).append("@t>\r\n\r\n");
    return header.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private List<byte[]> letters(int count) {
    return IntStream.range(0, count).mapToObj(_ -> letter()).toList();
  }

  private static Map<Long, Said> kept(Mailbox mailbox, int[] indexes) throws IOException {
    MailboxState state = mailbox.state();
    Map<Long, Said> kept = new TreeMap<>();
    mailbox
        .messages()
        .keptBriefs(state, indexes, (index, brief) -> kept.put(state.uid(index), Said.of(brief)));
    return kept;
  }

  private static int[] all(Mailbox mailbox) {
    return IntStream.range(0, mailbox.refresh().size()).toArray();
  }

  /** Asks twice for some, and then for all: of what is kept, and of what is read. */
  private void assertRight(Mailbox mailbox) throws IOException {
    MailboxState state = mailbox.refresh();
    Map<Long, Said> right = new TreeMap<>();
    mailbox
        .messages()
        .read(
            state,
            all(mailbox),
            (_, stored) ->
                right.put(stored.uid(), parsed.get(stored.message().blob().id().toString())));
    assertThat(right).hasSize(state.size()).doesNotContainValue(null);
    int[] some = IntStream.range(0, state.size()).filter(_ -> random.nextInt(3) > 0).toArray();
    for (int[] indexes : List.of(some, some, all(mailbox), all(mailbox))) {
      List<Integer> told = new ArrayList<>();
      mailbox
          .messages()
          .briefs(
              state,
              indexes,
              (index, brief) -> {
                told.add(index);
                assertThat(Said.of(brief)).isEqualTo(right.get(state.uid(index)));
              });
      assertThat(told).isEqualTo(IntStream.of(indexes).boxed().toList());
      assertThat(right).containsAllEntriesOf(kept(mailbox, indexes));
    }
  }

  @Test
  void theySayOfBrokenMailWhatParsingItSays() throws IOException {
    try (MailStore mail = mail(64 << 20)) {
      Mailbox inbox = mail.account("a").inbox();
      for (Corpus.Message message : Corpus.all()) {
        append(mail, inbox, List.of(message.octets()));
      }
      assertRight(inbox);
      assertThat(kept(inbox, all(inbox))).hasSize(inbox.state().size());
    }
  }

  @Test
  void nothingIsReadForWhatIsKept() throws IOException {
    try (MailStore mail = mail(64 << 20)) {
      Mailbox inbox = mail.account("a").inbox();
      append(mail, inbox, letters(600));
      int[] first = IntStream.range(0, 300).toArray();
      inbox.refresh();
      assertThat(kept(inbox, first)).isEmpty();
      inbox.messages().briefs(inbox.state(), first, (_, _) -> {});
      assertThat(mail.briefs().read()).isEqualTo(300);
      assertThat(kept(inbox, all(inbox))).hasSize(300);
      inbox.messages().briefs(inbox.state(), all(inbox), (_, _) -> {});
      assertThat(mail.briefs().read()).isEqualTo(600);
      assertThat(mail.briefs().used()).isEqualTo(300 + 300 + 600);
      assertThat(mail.briefs().size()).isEqualTo(600);
      assertThat(mail.briefs().dropped()).isZero();
      assertThat(mail.briefs().octets()).isPositive();
    }
  }

  @Test
  void theyTakeNoMoreMemoryThanTheyMay() throws IOException {
    for (long octets : new long[] {0, 5_000, 60_000}) {
      try (MailStore mail = mail(octets)) {
        Mailbox inbox = mail.account("a").inbox();
        append(mail, inbox, letters(700));
        assertRight(inbox);
        assertThat(mail.briefs().octets()).isLessThanOrEqualTo(octets);
        assertThat(mail.briefs().size()).isLessThan(700);
        assertThat(mail.briefs().dropped()).isPositive();
      }
    }
  }

  @Test
  void theyStayRightWhateverBecomesOfTheMailbox() throws IOException {
    MailStore mail = mail(1 << 20);
    try {
      Mailbox inbox = mail.account("a").inbox();
      append(mail, inbox, letters(40));
      for (int step = 0; step < 60; step++) {
        MailboxState state = inbox.refresh();
        switch (random.nextInt(6)) {
          case 0 -> append(mail, inbox, letters(1 + random.nextInt(40)));
          case 1 ->
              inbox.changeFlags(
                  state, some(state), FlagChange.add(Flags.of(SystemFlag.SEEN)), -1, attempt());
          case 2 -> inbox.expunge(some(state), attempt());
          case 3 -> inbox.copy(state, some(state), inbox, attempt());
          case 4 -> inbox.snapshot(Long.MAX_VALUE);
          default -> {
            mail.close();
            reopen();
            mail = mail(1 << 20);
            inbox = mail.account("a").inbox();
          }
        }
        assertRight(inbox);
      }
    } finally {
      mail.close();
    }
  }

  private UidSet some(MailboxState state) {
    UidSet.Builder some = new UidSet.Builder();
    for (int index = 0; index < state.size(); index++) {
      if (random.nextInt(5) == 0) {
        some.add(state.uid(index));
      }
    }
    return some.build();
  }
}
