package hikyaku.mailbox.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.mime.Corpus;
import hikyaku.protocol.mime.MimeParser;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An arrival is what the whole entry says, and broken entries are found out. */
class ArrivalTest {
  private static final BlobId BLOB = BlobId.of(new byte[32]);

  private static Entry entry(ByteString payload) {
    return new Entry(2, 1, 1, Instant.EPOCH, payload, Tally.ZERO, List.of());
  }

  private static List<NewMessage> messages() {
    List<NewMessage> messages = new ArrayList<>();
    List<Flags> flags =
        List.of(
            Flags.NONE,
            Flags.of(SystemFlag.SEEN, SystemFlag.DRAFT),
            Flags.of(0, List.of("$Junk", "a")));
    List<String> prefixes = List.of("", "Return-Path: <a@b.test>\r\n");
    for (Corpus.Message each : Corpus.all()) {
      int number = messages.size();
      MimeParser parser = new MimeParser();
      parser.write(each.octets(), 0, each.octets().length);
      messages.add(
          new NewMessage(
              ByteString.copyFromUtf8(prefixes.get(number % 2)),
              new Blob(BLOB, each.octets().length),
              new InternalDate(number * 1_000_003L - 5_000_000, number % 60 - 30),
              flags.get(number % 3),
              parser.finish(),
              "s" + number));
    }
    return messages;
  }

  @Test
  void itIsWhatTheWholeEntrySays() {
    List<NewMessage> messages = messages();
    assertThat(messages).hasSizeGreaterThan(20);
    for (NewMessage message : messages) {
      Event event = MailboxCodec.event(message);
      assertThat(Arrival.of(entry(event.payload())))
          .contains(new Arrival(message.internalDate(), message.octets(), message.flags()));
    }
  }

  @Test
  void ofOtherEntriesThereIsNone() {
    for (Event event :
        List.of(
            MailboxCodec.event(new MailboxEvent.Created(7)),
            MailboxCodec.expunge(UidSet.of(3), 10),
            MailboxCodec.event(
                new MailboxEvent.FlagsChanged(
                    UidSet.of(3), FlagChange.add(Flags.of(SystemFlag.SEEN)))))) {
      assertThat(Arrival.of(entry(event.payload()))).isEmpty();
    }
  }

  @Test
  void anEntryCutShortIsCorrupt() {
    ByteString payload = MailboxCodec.event(messages().getFirst()).payload();
    for (int length : new int[] {1, 2, 20, payload.size() / 2, payload.size() - 1}) {
      assertThatThrownBy(() -> Arrival.of(entry(payload.substring(0, length))))
          .isInstanceOf(StoreException.Corrupt.class);
    }
  }
}
