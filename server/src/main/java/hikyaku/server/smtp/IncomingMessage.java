package hikyaku.server.smtp;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.mime.FieldRemover;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.origin.Passage;
import java.io.IOException;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way into a blob. It takes all octets, whatever happens: one that grows too big,
 * or that the store fails to hold, is dropped and read to its end, so that the client gets its
 * reply.
 */
final class IncomingMessage implements OctetSink, AutoCloseable {
  /** Who is a blind recipient is nobody's business (RFC 5322 §3.6.3). */
  private static final List<String> BLIND = List.of("Bcc", "Resent-Bcc");

  private final Intake intake;
  private final OctetSink passed;
  private final @Nullable FieldRemover remover;
  private final long limit;
  private final long deadline;
  private final LongSupplier nanoTime;

  private long octets;
  private @Nullable StoreException failure;

  /**
   * @param submitted whether it comes from its author, so that blind copies are to be kept blind
   * @param passages what is on its way into the store
   * @param limit octets that are taken
   * @param deadline in terms of {@code nanoTime}
   */
  IncomingMessage(
      Intake intake,
      boolean submitted,
      UnaryOperator<OctetSink> passages,
      long limit,
      long deadline,
      LongSupplier nanoTime) {
    this.intake = intake;
    this.passed = passages.apply(intake);
    this.remover = submitted ? new FieldRemover(BLIND, passed) : null;
    this.limit = limit;
    this.deadline = deadline;
    this.nanoTime = nanoTime;
  }

  /** Throws only when the transaction has used up its time, which ends the session. */
  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    if (nanoTime.getAsLong() - deadline > 0) {
      throw new TransactionTimeoutException();
    }
    octets += length;
    if (failure != null || isTooBig()) {
      close();
      return;
    }
    try {
      OctetSink into = remover == null ? passed : remover;
      into.write(from, offset, length);
    } catch (StoreException e) {
      failure = e;
      close();
    }
  }

  boolean isTooBig() {
    return octets > limit;
  }

  /** Why the store could not hold it, or null. */
  @Nullable StoreException failure() {
    return failure;
  }

  /** Octets that came, whether or not they were kept. */
  long octets() {
    return octets;
  }

  /**
   * Completes a message that is not too big and did not fail.
   *
   * @throws StoreException if the store cannot hold it
   */
  Intake.Received finish() throws IOException {
    if (remover != null) {
      remover.finish();
    }
    if (passed instanceof Passage passage) {
      passage.end();
    }
    return intake.finish();
  }

  @Override
  public void close() {
    intake.close();
  }
}
