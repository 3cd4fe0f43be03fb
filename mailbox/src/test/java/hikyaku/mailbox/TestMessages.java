package hikyaku.mailbox;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Store;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimePart;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Small messages for tests that do not care what a message says. */
public final class TestMessages {
  private TestMessages() {}

  public static Blob blob(Store store, String text) {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(octets, 0, octets.length);
      return writer.finish();
    }
  }

  public static NewMessage message(Store store, String text, Flags flags) {
    Blob blob = blob(store, text);
    return new NewMessage(
        ByteString.copyFromUtf8("Return-Path: <>\r\n"),
        blob,
        new InternalDate(1_700_000_000, 540),
        flags,
        structure(blob.size()),
        "s1");
  }

  /** What parsing would say of a header-less text of this size. */
  public static MessageStructure structure(long size) {
    MimePart root =
        new MimePart(
            0, 0, size, 0, "text", "plain", false, List.of(), null, null, "7bit", null, List.of(),
            List.of(), null, null, null, List.of());
    return new MessageStructure(
        size,
        root,
        Envelope.EMPTY,
        null,
        List.of(),
        0,
        List.of(),
        "",
        false,
        false,
        false,
        size,
        false,
        false);
  }
}
