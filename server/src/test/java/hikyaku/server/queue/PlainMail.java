package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Blob;
import hikyaku.protocol.smtp.ReversePath;
import java.util.List;

/** Mail for the queue that asks for nothing beyond what a test is about. */
record PlainMail(String id, String session, ReversePath sender) {
  /** With nothing before its content, of which it is told that there is no header. */
  Outgoing of(
      Blob blob, List<Outgoing.To> to, String account, String script, Outgoing.Terms terms) {
    return of(ByteString.EMPTY, blob, 0, to, account, script, terms);
  }

  Outgoing of(
      ByteString prefix,
      Blob blob,
      long headerOctets,
      List<Outgoing.To> to,
      String account,
      String script,
      Outgoing.Terms terms) {
    return new Outgoing(
        id,
        session,
        sender,
        null,
        null,
        false,
        false,
        false,
        Outgoing.Tls.USUAL,
        prefix,
        blob,
        headerOctets,
        "",
        to,
        account,
        script,
        terms,
        sender);
  }
}
