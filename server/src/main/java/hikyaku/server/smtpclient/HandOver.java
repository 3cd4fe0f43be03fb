package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.US_ASCII;

import hikyaku.protocol.mime.SevenBit;
import hikyaku.protocol.smtp.ClientLines;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.protocol.smtp.ServerReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One message over one connection (RFC 5321 §3.3). */
final class HandOver {
  private static final Logger LOG = LoggerFactory.getLogger(HandOver.class);
  private static final byte[] DATA = "DATA\r\n".getBytes(US_ASCII);
  private static final byte[] END = ".\r\n".getBytes(US_ASCII);

  /** RFC 3463 §3.5, of a session that broke while nothing can have been taken. */
  private static final String NOT_TAKEN = "4.4.0";

  private final SmtpConnection connection;
  private final Letter letter;
  private final BooleanSupplier mayEnd;
  private final String host;

  private boolean converted;

  /** Whether the last octets of the message may have reached the other side. */
  private boolean ending;

  /**
   * @param mayEnd asked before the last octets are sent: whether this is still ours to do
   */
  HandOver(SmtpConnection connection, Letter letter, BooleanSupplier mayEnd) {
    this.connection = connection;
    this.letter = letter;
    this.mayEnd = mayEnd;
    this.host = connection.hop().toString();
  }

  /**
   * Hands the message over.
   *
   * @return what became of it for each recipient, in order
   * @throws UnreachableException if the connection broke before the message's end, and it is not
   *     certain that anybody was refused: it was not taken
   */
  List<Verdict> run() throws UnreachableException {
    if (lacksUtf8() && !letter.hasAsciiAddresses()) {
      return inAscii();
    }
    if (!takesContent()) {
      return converted();
    }
    Verdict unfit = unfit();
    if (unfit != null) {
      return all(unfit);
    }
    List<@Nullable Verdict> verdicts = new ArrayList<>();
    try {
      return letter.isBinary() ? binary(verdicts) : text(verdicts);
    } catch (IOException e) {
      connection.close();
      Verdict broken =
          e instanceof UnreachableException known ? known.verdict() : connection.failure(e);
      if (ending) {
        // It may have been taken. Only another attempt can tell, and then it comes twice.
        return settled(verdicts, Verdict.doubtful(broken.text() + ", at the message's end"));
      }
      if (!isLeaving(e, broken)
          || verdicts.stream().noneMatch(each -> each != null && each.isFinal())) {
        throw new UnreachableException(broken, e);
      }
      // Who was refused is refused, or would be offered for ever to whoever breaks off for that.
      while (verdicts.size() < letter.recipients().size()) {
        verdicts.add(null);
      }
      return settled(
          verdicts, broken.isInDoubt() ? Verdict.deferred(NOT_TAKEN, broken.text()) : broken);
    }
  }

  /**
   * Whether the server has ended the session. Where an answer did not come, or was none, those
   * before it may have been to other commands than they seem to be.
   */
  private boolean isLeaving(IOException e, Verdict broken) {
    return e instanceof UnreachableException
        ? !broken.from().isEmpty()
        : !(e instanceof ServerReply.Malformed) && !connection.tookTooLong();
  }

  /** Whether what was handed over is the message in lines of 7-bit characters. */
  boolean isConverted() {
    return converted;
  }

  private boolean lacksUtf8() {
    return letter.parameters().smtpUtf8() && !connection.offers("SMTPUTF8");
  }

  /** For those whose addresses, and the sender's, have a form in ASCII (RFC 6531 §3.2). */
  private List<Verdict> inAscii() throws UnreachableException {
    Verdict none = Verdict.failed("5.6.7", host + " takes no addresses beyond ASCII");
    Optional<ReversePath> from = letter.asciiFrom();
    List<Optional<Letter.To>> recipients =
        letter.recipients().stream().map(Letter.To::ascii).toList();
    List<Letter.To> some = recipients.stream().flatMap(Optional::stream).toList();
    if (from.isEmpty() || some.isEmpty()) {
      return all(none);
    }
    HandOver ascii = new HandOver(connection, letter.with(from.get(), some), mayEnd);
    Iterator<Verdict> verdicts = ascii.run().iterator();
    converted = ascii.converted;
    return recipients.stream().map(to -> to.isPresent() ? verdicts.next() : none).toList();
  }

  private boolean takesContent() {
    return letter.isBinary()
        ? connection.offers("BINARYMIME") && connection.offers("CHUNKING")
        : !letter.eightBit() || connection.offers("8BITMIME");
  }

  /** The same as lines of 7-bit characters (RFC 6152 §3, RFC 3030 §4), if that can be. */
  private List<Verdict> converted() throws UnreachableException {
    SevenBit content;
    try {
      content = SevenBit.of(letter.content()::copyTo);
      if (content.hindrance().isPresent()) {
        SevenBit.Hindrance hindrance = content.hindrance().get();
        String takes =
            letter.isBinary() ? " takes no binary messages" : " takes 7-bit characters only";
        return all(
            Verdict.failed(
                hindrance.isHeader() ? "5.6.9" : "5.6.3",
                host + takes + ", and this one cannot be converted: " + hindrance.reason()));
      }
      converted = true;
      return new HandOver(connection, letter.as(content), mayEnd).run();
    } catch (UnreachableException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither reading nor counting throws it
    }
  }

  /** Why the message cannot go this way at all, or null. */
  private @Nullable Verdict unfit() {
    long limit = connection.sizeLimit();
    if (limit > 0 && letter.octets() > limit) {
      return Verdict.failed(
          "5.3.4",
          host + " takes messages of " + limit + " octets, this one has " + letter.octets());
    }
    if (lacksUtf8() && letter.eightBit() && hasUtf8Header()) {
      return Verdict.failed("5.6.9", host + " takes no headers beyond ASCII");
    }
    Letter.Deadline deadline = letter.deadline();
    return deadline != null && deadline.returned() ? late(deadline.left()) : null;
  }

  /** Octets above 127 in a body are the business of 8BITMIME alone (RFC 6152). */
  private boolean hasUtf8Header() {
    try {
      return SevenBit.of(letter.content()::copyTo).hasUtf8Header();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither reading nor counting throws it
    }
  }

  /**
   * Why a message does not go this way that is of no use once it is late (RFC 2852 §4), or null.
   */
  private @Nullable Verdict late(long left) {
    if (!connection.offers("DELIVERBY")) {
      return Verdict.failed("5.3.3", host + " does not say that it heeds when mail is late");
    }
    long shortest = Math.max(1, connection.shortestDelivery());
    return left < shortest
        ? Verdict.failed(
            "5.4.7", host + " would have " + left + " s left, and needs " + shortest + " at least")
        : null;
  }

  /** What is left of its time; null if it has no end, or the other side does not heed it. */
  private @Nullable DeliverBy by() {
    Letter.Deadline deadline = letter.deadline();
    if (deadline == null || !connection.offers("DELIVERBY")) {
      return null;
    }
    // It may become late between the look at it and here; then it is, and that is told.
    long left = deadline.returned() ? Math.max(1, deadline.left()) : deadline.left();
    return new DeliverBy(left, deadline.returned(), deadline.trace());
  }

  private List<Verdict> all(Verdict verdict) {
    return letter.recipients().stream().map(_ -> verdict).toList();
  }

  private byte[] mail() {
    MailParameters wanted = letter.parameters();
    boolean dsn = connection.offers("DSN");
    MailParameters.Body body =
        letter.isBinary()
            ? MailParameters.Body.BINARYMIME
            : letter.eightBit() ? MailParameters.Body.EIGHTBITMIME : null;
    MailParameters said =
        new MailParameters(
            connection.offers("SIZE") ? wanted.size() : null,
            body,
            wanted.smtpUtf8() && connection.offers("SMTPUTF8"),
            dsn ? wanted.ret() : null,
            dsn ? wanted.envid() : null,
            null,
            wanted.requireTls(),
            null,
            by(),
            connection.offers("MT-PRIORITY") ? wanted.priority() : null);
    return ClientLines.mail(letter.from(), said);
  }

  private byte[] rcpt(Letter.To to) {
    return ClientLines.rcpt(
        to.address(), connection.offers("DSN") ? to.parameters() : RcptParameters.NONE);
  }

  // ---- DATA

  private List<Verdict> text(List<@Nullable Verdict> verdicts) throws IOException {
    boolean pipelined = connection.offers("PIPELINING");
    envelope(verdicts, pipelined, pipelined);
    boolean anybody = verdicts.contains(null);
    if (!anybody && !pipelined) {
      reset();
      return settled(verdicts, null);
    }
    if (!pipelined) {
      connection.write(DATA);
    }
    ServerReply go = read();
    if (go.isPositive()) {
      // Nobody has taken what did not come yet: it answers something else (RFC 5321 §4.3.2).
      throw new UnreachableException(
          Verdict.deferred("4.5.0", host + " is out of step: it said " + go + " to DATA"));
    }
    if (go.code() / 100 != 3) {
      reset();
      return settled(verdicts, Verdict.of(go, host));
    }
    if (!anybody) {
      // Nobody will get it; the text that was asked for ends at once (RFC 2920 §3.1).
      connection.write(END);
      ServerReply nobody = read();
      LOG.atDebug().addKeyValue("reply", nobody).log("a text for nobody");
      reset();
      return settled(verdicts, null);
    }
    DotText text = new DotText(this::write);
    letter.content().copyTo(text);
    text.endLine();
    beforeEnd();
    text.end();
    return ended(verdicts);
  }

  /**
   * MAIL and RCPT, and their replies; leaves a null for each recipient that was accepted.
   *
   * @param pipelined whether all of it is sent before the first reply is read
   * @param data whether DATA follows at once
   */
  private void envelope(List<@Nullable Verdict> verdicts, boolean pipelined, boolean data)
      throws IOException {
    connection.write(mail());
    if (pipelined) {
      for (Letter.To to : letter.recipients()) {
        connection.write(rcpt(to));
      }
      if (data) {
        connection.write(DATA);
      }
    }
    ServerReply mail = read();
    if (!mail.isPositive()) {
      verdicts.addAll(all(Verdict.of(mail, host)));
    }
    for (Letter.To to : letter.recipients()) {
      if (mail.isPositive()) {
        if (!pipelined) {
          connection.write(rcpt(to));
        }
        verdicts.add(verdict(read()));
      } else if (pipelined) {
        ServerReply unused = read();
      }
    }
  }

  private @Nullable Verdict verdict(ServerReply rcpt) {
    if (rcpt.isPositive()) {
      return null;
    }
    Verdict refused = Verdict.of(rcpt, host);
    // RFC 5321 §4.5.3.1.10: 552 here means too many recipients, as 452 does.
    return rcpt.code() == 552 && rcpt.enhanced() == null ? refused.forNow() : refused;
  }

  // ---- BDAT

  private List<Verdict> binary(List<@Nullable Verdict> verdicts) throws IOException {
    envelope(verdicts, connection.offers("PIPELINING"), false);
    if (!verdicts.contains(null)) {
      reset();
      return settled(verdicts, null);
    }
    connection.write(("BDAT " + letter.octets() + " LAST\r\n").getBytes(US_ASCII));
    long[] written = {0};
    byte[] last = new byte[1];
    letter
        .content()
        .copyTo((octets, offset, length) -> {
          if (length == 0) {
            return;
          }
          // The last octet is held back, as the final dot is.
          if (written[0] > 0) {
            write(last, 0, 1);
          }
          write(octets, offset, length - 1);
          last[0] = octets[offset + length - 1];
          written[0] += length;
        });
    if (written[0] != letter.octets()) {
      throw new IOException("a message of another size than was said");
    }
    beforeEnd();
    connection.write(last);
    return ended(verdicts);
  }

  // ---- both

  private void write(byte[] octets, int offset, int length) throws IOException {
    connection.allow(connection.settings().data());
    connection.write(octets, offset, length);
  }

  private void beforeEnd() throws IOException {
    if (!mayEnd.getAsBoolean()) {
      throw new UnreachableException(
          Verdict.deferred("4.3.0", "another node has taken over this part of the queue"));
    }
    ending = true;
  }

  private List<Verdict> ended(List<@Nullable Verdict> verdicts) throws IOException {
    ServerReply reply = connection.read(connection.settings().end());
    boolean answered =
        switch (reply.code() / 100) {
          case 2, 4, 5 -> true;
          default -> false;
        };
    if (reply.code() == 421 || !answered) {
      connection.close();
    }
    return settled(
        verdicts,
        answered
            ? Verdict.of(reply, host)
            : Verdict.doubtful(host + " said " + reply + " at the message's end"));
  }

  /** Those that were accepted share what became of the message. */
  private static List<Verdict> settled(
      List<@Nullable Verdict> verdicts, @Nullable Verdict ofMessage) {
    List<Verdict> all = new ArrayList<>();
    for (Verdict verdict : verdicts) {
      Verdict each = verdict == null ? ofMessage : verdict;
      if (each == null) {
        throw new IllegalStateException("a recipient without a verdict");
      }
      all.add(each);
    }
    return all;
  }

  private ServerReply read() throws IOException {
    ServerReply reply = connection.read(connection.settings().reply());
    if (reply.code() == 421) {
      // The server ends the session, whatever the command was (RFC 5321 §3.8).
      throw new UnreachableException(Verdict.of(reply, host));
    }
    return reply;
  }

  private void reset() {
    try {
      ServerReply reply = connection.command("RSET");
      if (!reply.isPositive()) {
        connection.close();
      }
    } catch (IOException e) {
      // What was found out about the message stands; the connection is of no more use.
      connection.close();
    }
  }
}
