package hikyaku.systemtests.chaos;

import hikyaku.fixtures.Network.Drop;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A kind of mischief, done for a while and then made good. */
enum Mischief {
  /** A node's process is killed; it is started again a while later. */
  KILL(true, 3_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.kill(node);
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      // It may have been started and be slow.
      if (!site.isAlive(node)) {
        site.launch(node);
      }
    }
  },
  /** A node's process stands still, for longer or shorter than anybody waits, and goes on. */
  FREEZE(true, 12_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.signal(node, "STOP");
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.signal(node, "CONT");
    }
  },
  /** A node's cable is pulled out. */
  UNPLUG(true, 10_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.network().plug(node, false);
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.network().plug(node, true);
    }
  },
  /** Nothing that others send reaches a node. */
  DEAF(true, 8_000) {
    @Override
    List<Drop> drops(String node, int random) {
      return List.of(new Drop("*", node, 100));
    }
  },
  /** Nothing that a node sends reaches others. */
  MUTE(true, 8_000) {
    @Override
    List<Drop> drops(String node, int random) {
      return List.of(new Drop(node, "*", 100));
    }
  },
  /** The front and one node do not reach each other, one way or both. */
  CUT_FROM_FRONT(true, 10_000) {
    @Override
    List<Drop> drops(String node, int random) {
      return between(Site.FRONT, node, random);
    }
  },
  /** One node and the database do not reach each other, one way or both. */
  CUT_FROM_DATABASE(true, 10_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.network().drop(fromDatabase(site, node, random));
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.network().heal(fromDatabase(site, node, random));
    }

    private static List<Drop> fromDatabase(Site site, String node, int random) {
      return site.database().servers().stream()
          .flatMap(server -> between(server, node, random).stream())
          .toList();
    }
  },
  /** A node is drained, and taken in again. */
  DRAIN(true, 3_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.command(node, "", "node", "drain", node, "--no-wait", "--force");
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.command(node, "", "node", "undrain", node);
    }
  },
  /** The database's machine loses power, and comes back. */
  KILL_DATABASE(OneServer.class, 2_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.server().kill();
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.server().start();
    }
  },
  /** The database stands still, and goes on. */
  FREEZE_DATABASE(OneServer.class, 5_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.server().halt(true);
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.server().halt(false);
    }
  },
  /** The machine of the leading database server loses power, and comes back. */
  KILL_LEADER(Patroni.class, 8_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().killLeader();
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().start();
      site.patroni().awaitWhole();
    }
  },
  /**
   * The machine of the leading database server stands still; a watchdog resets it if that is for
   * long.
   */
  FREEZE_LEADER(Patroni.class, 8_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().freezeLeader();
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().wake();
      site.patroni().awaitWhole();
    }
  },
  /** The cable of the leading database server's machine is pulled out. */
  UNPLUG_LEADER(Patroni.class, 10_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().unplugLeader();
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().plug();
      site.patroni().awaitWhole();
    }
  },
  /** The leading database server dies alone; Patroni starts it again or has another one lead. */
  KILL_SERVER(Patroni.class, 2_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().killServer();
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().awaitWhole();
    }
  },
  /** A standby's machine loses power, the synchronous one's as often as the other's. */
  KILL_STANDBY(Patroni.class, 6_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().killStandby(random);
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().start();
      site.patroni().awaitWhole();
    }
  },
  /** The lead is handed over in order. */
  SWITCHOVER(Patroni.class, 1_000) {
    @Override
    void begin(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().switchover();
    }

    @Override
    void end(Site site, String node, int random) throws IOException, InterruptedException {
      site.patroni().awaitWhole();
    }
  },
  /** The front reaches no node at all, for less than its patience. */
  BLACKOUT(false, 5_000) {
    @Override
    List<Drop> drops(String node, int random) {
      return List.of(
          new Drop(Site.FRONT, "n1", 100),
          new Drop(Site.FRONT, "n2", 100),
          new Drop(Site.FRONT, "n3", 100));
    }
  },
  /** The clients and the front do not reach each other, for less than TCP gives up after. */
  CUT_FROM_CLIENTS(false, 3_000) {
    @Override
    List<Drop> drops(String node, int random) {
      return between(Site.FRONT, Site.CLIENTS, random);
    }
  },
  /** Some packets are lost, everywhere. */
  LOSS(false, 8_000) {
    @Override
    List<Drop> drops(String node, int random) {
      return List.of(new Drop("*", "*", 1 + random % 5));
    }
  };

  private final boolean ofNode;
  private final Class<? extends Database> of;
  private final int longestMillis;

  Mischief(boolean ofNode, int longestMillis) {
    this.ofNode = ofNode;
    this.of = Database.class;
    this.longestMillis = longestMillis;
  }

  /** Done to a database of this kind. */
  Mischief(Class<? extends Database> of, int longestMillis) {
    this.ofNode = false;
    this.of = of;
    this.longestMillis = longestMillis;
  }

  /** What can be done with such a database. */
  static List<Mischief> with(Database database) {
    return Arrays.stream(values()).filter(kind -> kind.of.isInstance(database)).toList();
  }

  /** Whether it takes one node away, which others must then stand in for. */
  boolean isOfNode() {
    return ofNode;
  }

  /** How long this time. */
  int millis(Random random) {
    return 100 + random.nextInt(longestMillis);
  }

  /** What is dropped while it lasts. */
  List<Drop> drops(String node, int random) {
    return List.of();
  }

  void begin(Site site, String node, int random) throws IOException, InterruptedException {
    site.network().drop(drops(node, random));
  }

  void end(Site site, String node, int random) throws IOException, InterruptedException {
    site.network().heal(drops(node, random));
  }

  private static List<Drop> between(String one, String other, int random) {
    Drop there = new Drop(one, other, 100);
    Drop back = new Drop(other, one, 100);
    return switch (random % 4) {
      case 0 -> List.of(there);
      case 1 -> List.of(back);
      default -> List.of(there, back);
    };
  }
}
