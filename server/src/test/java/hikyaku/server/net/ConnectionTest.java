package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ConnectionTest {
  @Test
  void servesCommandsOneByOneAndPipelined() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      client.talk("NOOP", "OK");
      String longer = "x".repeat(900);
      client.talk("ECHO " + longer, longer);
      client.send("ECHO 1\r\nNOOP\r\nECHO 3\r\nQUIT\r\n");
      client.expect("1");
      client.expect("OK");
      client.expect("3");
      client.expect("BYE");
      client.expectEnd();
    }
  }

  @Test
  void readsAndWritesMuch() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      byte[] octets = new byte[3_000_000];
      for (int i = 0; i < octets.length; i++) {
        octets[i] = (byte) (i * 31 + i / 257);
      }
      client.talk("LIT " + octets.length, "+ send");
      Thread sender = Thread.startVirtualThread(() -> write(client, octets));
      client.expect("OK " + octets.length);
      assertThat(client.in.readNBytes(octets.length)).isEqualTo(octets);
      client.expect("");
      sender.join();
      client.talk("NOOP", "OK");
      Connection connection = server.protocol.begun.take();
      assertThat(connection.bytesIn()).isGreaterThan(octets.length);
      assertThat(connection.bytesOut()).isGreaterThan(octets.length);
      assertThat(
              server
                  .meters
                  .counter("hikyaku.octets", "protocol", "line", "direction", "in")
                  .count())
          .isEqualTo(connection.bytesIn());
    }
  }

  private static void write(TestClient client, byte[] octets) {
    try {
      client.out.write(octets);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void aHalfClosedClientStillGetsItsReplies() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      client.send("ECHO last words\r\n");
      client.socket.shutdownOutput();
      client.expect("last words");
      client.expect("* BYE end");
      client.expectEnd();
    }
  }

  @Test
  void idleEndsByTimeoutWithoutEndingTheConnection() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      server.protocol.idle = Duration.ofMillis(20);
      client.talk("IDLE", "+ idling");
      client.expect("* STILL HERE");
      client.expect("* STILL HERE");
      server.protocol.idle = Duration.ofMinutes(5);
      client.send("DONE\r\n");
      String line;
      do {
        line = client.line();
      } while ("* STILL HERE".equals(line));
      assertThat(line).isEqualTo("OK DONE");
      client.talk("NOOP", "OK");
    }
  }

  @Test
  void anIdleClientIsToldGoodbye() throws Exception {
    try (TestServer server = new TestServer()) {
      server.protocol.idle = Duration.ofMillis(20);
      try (TestClient client = server.connect()) {
        client.expect("* BYE idle");
        client.expectEnd();
      }
    }
  }

  @Test
  void aSignalWakesAndNoneIsLost() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      Connection connection = server.protocol.begun.take();
      connection.signal();
      connection.signal();
      client.talk("IDLE", "+ idling");
      client.expect("* SIGNAL");
      for (int i = 0; i < 500; i++) {
        connection.signal();
        client.expect("* SIGNAL");
      }
      assertThat(server.protocol.wakes).containsOnly(Wake.SIGNAL).hasSize(501);
      client.talk("DONE", "OK DONE");
      client.talk("NOOP", "OK");
    }
  }

  @Test
  void inputIsHeardUnderAStreamOfSignals() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      Connection connection = server.protocol.begun.take();
      client.talk("IDLE", "+ idling");
      Thread signaller =
          Thread.ofPlatform()
              .start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                  connection.signal();
                }
              });
      client.expect("* SIGNAL");
      client.send("DONE\r\n");
      String line;
      do {
        line = client.line();
      } while ("* SIGNAL".equals(line));
      signaller.interrupt();
      signaller.join();
      assertThat(line).isEqualTo("OK DONE");
    }
  }

  @Test
  void aStopReachesWaitingSessionsAtOnceAndBusyOnesAfterTheirCommand() throws Exception {
    try (TestServer server = new TestServer();
        TestClient waiting = server.connect();
        TestClient idling = server.connect();
        TestClient busy = server.connect()) {
      idling.talk("IDLE", "+ idling");
      busy.send("HOLD\r\nNOOP\r\n");
      server.protocol.held.await();
      int port = server.port("plain");
      var stop =
          new java.util.concurrent.FutureTask<>(() -> server.server.stop(Duration.ofSeconds(30)));
      Thread.ofPlatform().start(stop);
      waiting.expect("* BYE stopping");
      waiting.expectEnd();
      waiting.close();
      idling.expect("* BYE stopping");
      idling.expectEnd();
      idling.close();
      assertThat(stop.isDone()).isFalse();
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> TestClient.connect(port))
          .isInstanceOf(java.net.ConnectException.class);
      server.protocol.release.countDown();
      busy.expect("OK held");
      busy.expect("* BYE stopping");
      busy.expectEnd();
      busy.close();
      assertThat(stop.get(20, TimeUnit.SECONDS)).isEqualTo(new StopReport(3, 0, 0));
    }
  }

  @Test
  void aBugCostsItsSessionAlone() throws Exception {
    try (TestServer server = new TestServer();
        TestClient bystander = server.connect();
        TestClient client = server.connect()) {
      server.bugsExpected = 1;
      client.talk("BUG", "* BYE INTERNAL_ERROR");
      client.expectEnd();
      bystander.talk("NOOP", "OK");
    }
  }
}
