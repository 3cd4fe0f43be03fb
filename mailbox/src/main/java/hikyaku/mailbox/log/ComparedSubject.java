package hikyaku.mailbox.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import hikyaku.protocol.mime.BaseSubject;
import hikyaku.protocol.mime.Casemap;
import hikyaku.protocol.mime.EncodedWords;
import org.jspecify.annotations.Nullable;

/**
 * By what subjects are sorted and threaded (RFC 5256 §2.1, RFC 5255 §4.3).
 *
 * @param folded the base subject by i;unicode-casemap, in UTF-8: octets compare as code points do
 * @param replyOrForward as {@link BaseSubject#replyOrForward}
 */
public record ComparedSubject(ByteString folded, boolean replyOrForward) {
  /**
   * Of a Subject field's text.
   *
   * @param subject as {@link Brief#subject}
   */
  static ComparedSubject of(@Nullable String subject) {
    BaseSubject base = BaseSubject.of(subject == null ? "" : EncodedWords.decode(subject));
    return new ComparedSubject(
        UnsafeByteOperations.unsafeWrap(Casemap.foldToUtf8(base.text())), base.replyOrForward());
  }
}
