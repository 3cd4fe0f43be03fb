package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.Carrier.Plan;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What becomes of sessions that change nodes, beyond the transcripts. */
class CarriedTest {
  /** Between challenge and response the session may be anywhere, and a node may die there. */
  @Test
  void aLoginGoesOnWhereItsNodeLeftIt() throws IOException {
    List<Plan> plans = new ArrayList<>(List.of(Plan.MOVES));
    for (long seed = 1; seed <= 8; seed++) {
      plans.add(new Plan(2, 16 * 1024, seed));
    }
    int deaths = 0;
    for (Plan plan : plans) {
      try (World world =
              new World(
                  SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE, Optional.of(plan));
          Socket socket = world.connect()) {
        Carrier carrier = world.carrier.orElseThrow();
        BufferedReader in =
            new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
        assertThat(in.readLine()).startsWith("220 ");
        say(socket, "HELO c");
        assertThat(in.readLine()).startsWith("250 ");
        int before = carrier.moves() + carrier.deaths();
        say(socket, "AUTH PLAIN");
        assertThat(in.readLine()).isEqualTo("334 ");
        say(socket, "AHUxAHNlY3JldA==");
        assertThat(in.readLine()).startsWith("235 ");
        say(socket, "MAIL FROM:<u1@demo.test>");
        assertThat(in.readLine()).startsWith("250 ");
        // It leaves behind an answer; by the next one it has.
        assertThat(carrier.moves() + carrier.deaths() - before).isGreaterThanOrEqualTo(2);
        say(socket, "QUIT");
        assertThat(in.readLine()).startsWith("221 ");
        deaths += carrier.deaths();
      }
    }
    assertThat(deaths).isPositive();
  }

  private static void say(Socket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\r\n").getBytes(ISO_8859_1));
  }
}
