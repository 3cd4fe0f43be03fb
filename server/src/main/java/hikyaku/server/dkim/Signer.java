package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.directory.Address;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Signs messages that go out. Safe for use by many threads. */
@FunctionalInterface
public interface Signer {
  /** Signs nothing. */
  Signer NONE = (_, _) -> Signatures.NONE;

  /**
   * Signs a message for the domain of its authors, if that is one of ours and has keys.
   *
   * @param authors the addresses of its From field, under all of which whoever sends it may write;
   *     empty if there are others too
   * @throws hikyaku.mailbox.store.StoreException if keys or message cannot be read now
   */
  Signatures sign(List<Address> authors, Content message) throws IOException;

  /**
   * Signs several messages that differ in their first fields only.
   *
   * @param authors whose domain signs, in each case
   * @param prefixes fields of each, before what all have in common
   * @return what came of each, in order
   */
  default List<Signatures> signEach(
      List<Address> authors, List<ByteString> prefixes, Content common) throws IOException {
    List<Signatures> all = new ArrayList<>();
    for (ByteString prefix : prefixes) {
      all.add(
          sign(
              authors,
              sink -> {
                sink.write(prefix.toByteArray());
                common.copyTo(sink);
              }));
    }
    return all;
  }

  /** A message as it goes out, below what is put before it on the way. */
  @FunctionalInterface
  interface Content {
    void copyTo(OctetSink sink) throws IOException;
  }

  /**
   * What came of it.
   *
   * @param fields to be put before the message, each with its CRLF; empty if it is not signed
   * @param by who signed, for logs: the names of the keys' records in DNS
   */
  record Signatures(String fields, List<String> by) {
    public static final Signatures NONE = new Signatures("", List.of());

    public Signatures {
      by = List.copyOf(by);
    }
  }
}
