package hikyaku.systemtests;

import hikyaku.fixtures.Machine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A server that takes all mail, on several ports, and remembers what came and whether the client
 * can have heard that it was taken. It can make clients wait, and keep replies back.
 */
final class Sink implements AutoCloseable {
  /** A message that came to its end. */
  static final class Arrival {
    private volatile boolean heard;

    /** Whether the client has gone on in that session, and so knows that it was taken. */
    boolean isHeard() {
      return heard;
    }
  }

  private final List<ServerSocket> doors = new ArrayList<>();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final Map<String, List<Arrival>> arrivals = new ConcurrentHashMap<>();
  private final Map<String, Boolean> unanswered = new ConcurrentHashMap<>();
  private final Semaphore came = new Semaphore(0);
  private final List<Socket> silent = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition opened = lock.newCondition();
  private int silences;
  private boolean shut;
  private volatile boolean busy;
  private volatile IOException broken;

  /** Listens on so many ports. */
  Sink(int ports) throws IOException {
    for (int port : Machine.freePorts(ports)) {
      ServerSocket door = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
      doors.add(door);
      threads.add(Thread.ofVirtual().start(() -> accept(door)));
    }
  }

  List<Integer> ports() {
    return doors.stream().map(ServerSocket::getLocalPort).toList();
  }

  /** New clients wait for their greeting from now on. */
  void shut() {
    lock.lock();
    try {
      shut = true;
    } finally {
      lock.unlock();
    }
  }

  void open() {
    lock.lock();
    try {
      shut = false;
      opened.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Puts all recipients off from now on. */
  void beBusy() {
    busy = true;
  }

  /** So many of the messages that come next are taken, and nobody is told. */
  void keepSilent(int messages) {
    lock.lock();
    try {
      silences = messages;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the sessions whose clients still wait for an answer; from now on each gets one. */
  void breakSilence() throws IOException {
    lock.lock();
    try {
      silences = 0;
      for (Socket each : silent) {
        each.close();
      }
      silent.clear();
    } finally {
      lock.unlock();
    }
  }

  /** A permit for each recipient of each message. */
  Semaphore came() {
    return came;
  }

  /** What came, by the message's id and the recipient, with a blank between. */
  Map<String, List<Arrival>> arrivals() {
    return arrivals;
  }

  /** Those of which nobody was told at least once. */
  List<String> unanswered() {
    return List.copyOf(unanswered.keySet());
  }

  private void accept(ServerSocket door) {
    try {
      while (true) {
        Socket client = door.accept();
        threads.add(Thread.ofVirtual().start(() -> serve(client)));
      }
    } catch (IOException closed) {
      if (!door.isClosed()) {
        broken = closed;
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))) {
      lock.lock();
      try {
        while (shut) {
          opened.await();
        }
      } finally {
        lock.unlock();
      }
      say(client, "220 sink");
      Arrival last = null;
      List<String> recipients = new ArrayList<>();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (last != null) {
          last.heard = true;
          last = null;
        }
        if (line.startsWith("EHLO")) {
          say(client, "250-sink\r\n250-PIPELINING\r\n250 8BITMIME");
        } else if (line.startsWith("MAIL")) {
          recipients.clear();
          say(client, "250 ok");
        } else if (line.startsWith("RCPT")) {
          recipients.add(line.substring(line.indexOf('<') + 1, line.indexOf('>')));
          say(client, busy ? "450 4.2.1 too busy" : "250 ok");
        } else if (line.equals("DATA") && busy) {
          say(client, "503 5.5.1 nobody to send to");
        } else if (line.equals("DATA")) {
          say(client, "354 go on");
          String id = message(in);
          if (id == null) {
            return;
          }
          last = new Arrival();
          boolean mute = isMute(client);
          take(id, recipients, last, mute);
          if (!mute) {
            say(client, "250 taken");
          }
        } else if (line.equals("QUIT")) {
          say(client, "221 bye");
          return;
        } else {
          say(client, "250 ok");
        }
      }
    } catch (IOException killed) {
      // The client was: what it has heard by then is written down.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether a client is one of those that hear nothing. */
  private boolean isMute(Socket client) {
    lock.lock();
    try {
      if (silences == 0) {
        return false;
      }
      silences--;
      silent.add(client);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void take(String id, List<String> recipients, Arrival arrival, boolean mute) {
    for (String recipient : recipients) {
      String key = id + " " + recipient;
      arrivals.computeIfAbsent(key, _ -> new CopyOnWriteArrayList<>()).add(arrival);
      if (mute) {
        unanswered.put(key, true);
      }
      came.release();
    }
  }

  /** Reads a message to its end; its id, or null if it has no end. */
  private static String message(BufferedReader in) throws IOException {
    String id = "";
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (line.equals(".")) {
        return id;
      }
      if (line.startsWith("Message-ID: ")) {
        id = line.substring("Message-ID: ".length());
      }
    }
    return null;
  }

  private static void say(Socket client, String line) throws IOException {
    client.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Ends, once all clients have. */
  void awaitEnd() throws IOException, InterruptedException {
    close();
    for (Thread thread : threads) {
      thread.join();
    }
    if (broken != null) {
      throw broken;
    }
  }

  @Override
  public void close() throws IOException {
    open();
    for (ServerSocket door : doors) {
      door.close();
    }
  }
}
