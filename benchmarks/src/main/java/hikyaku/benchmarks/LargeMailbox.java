package hikyaku.benchmarks;

import java.io.IOException;
import java.util.function.IntFunction;
import java.util.stream.DoubleStream;

/** What IMAP commands take in a mailbox of many messages, which each round leaves as it was. */
final class LargeMailbox {
  private static final String NAME = "Large";

  /** How often a message is appended. */
  private static final int APPENDED = 100;

  /** How often a command is given that takes well under a millisecond. */
  private static final int SHORT_ONES = 1_000;

  private final int messages;
  private final int octets;

  /**
   * @param messages that it has
   * @param octets of each
   */
  LargeMailbox(int messages, int octets) {
    this.messages = messages;
    this.octets = octets;
  }

  /** Is told of milliseconds. */
  @FunctionalInterface
  interface Listener {
    void took(String what, double millis);
  }

  /**
   * Makes it.
   *
   * @param client is logged in
   */
  static void fill(Client client, int messages, int octets) throws IOException {
    client.imap("CREATE " + NAME);
    Loads.append(client, NAME, messages, letters(octets, 0));
  }

  private static IntFunction<byte[]> letters(int octets, int from) {
    return number -> Mail.letter(from + number, octets);
  }

  /** Gives each command once, those that are over at once many times. */
  void measure(Client client, Listener listener) throws IOException {
    Stopwatch watch = new Stopwatch(client, listener);
    String of = ", " + messages + " messages, ms";
    watch.time("SELECT" + of, "SELECT " + NAME);
    watch.timeEach("STATUS" + of, "STATUS " + NAME + " (MESSAGES UNSEEN)");
    watch.time("FETCH 1:* (FLAGS)" + of, "FETCH 1:* (FLAGS)");
    watch.time("FETCH ENVELOPE BODYSTRUCTURE" + of, "FETCH 1:* (ENVELOPE BODYSTRUCTURE)");
    watch.time("SEARCH UNSEEN" + of, "SEARCH UNSEEN");
    watch.time("SEARCH SUBJECT" + of, "SEARCH SUBJECT \"letter 777 \"");
    watch.time("SEARCH HEADER" + of, "SEARCH HEADER References letter.777@");
    watch.time("SEARCH TEXT" + of, "SEARCH TEXT " + Mail.WORD);
    watch.time("SORT (DATE)" + of, "SORT (DATE) UTF-8 ALL");
    watch.time("SORT (SUBJECT)" + of, "SORT (SUBJECT) UTF-8 ALL");
    watch.time("THREAD REFERENCES" + of, "THREAD REFERENCES UTF-8 ALL");
    int some = Math.min(1000, messages);
    String part = " of " + some + " in " + messages + ", ms";
    watch.time("STORE +FLAGS" + part, "STORE 1:" + some + " +FLAGS.SILENT (\\Flagged)");
    client.imap("STORE 1:" + some + " -FLAGS.SILENT (\\Flagged)");
    watch.time("COPY" + part, "COPY 1:" + some + " " + NAME);
    append(client, listener, of);
    client.imap("STORE " + (messages + 1) + ":* +FLAGS.SILENT (\\Deleted)");
    watch.time("EXPUNGE of " + (some + APPENDED) + " in " + messages + ", ms", "EXPUNGE");
    client.imap("CLOSE");
  }

  private void append(Client client, Listener listener, String of) throws IOException {
    long began = System.nanoTime();
    for (int i = 0; i < APPENDED; i++) {
      Loads.append(client, NAME, 1, letters(octets, messages + i));
    }
    listener.took("APPEND, one after the other" + of, millis(began) / APPENDED);
  }

  private static double millis(long began) {
    return (System.nanoTime() - began) / 1e6;
  }

  private record Stopwatch(Client client, Listener listener) {
    void time(String what, String command) throws IOException {
      long began = System.nanoTime();
      client.imap(command);
      listener.took(what, millis(began));
    }

    /**
     * Of a command so short that one alone would be a measurement of chance: the median of many,
     * since the mean is that of the few in which somebody else had the processor.
     */
    void timeEach(String what, String command) throws IOException {
      DoubleStream.Builder each = DoubleStream.builder();
      for (int i = 0; i < SHORT_ONES; i++) {
        long began = System.nanoTime();
        client.imap(command);
        each.add(millis(began));
      }
      listener.took(what, Comparison.median(each.build()));
    }
  }
}
