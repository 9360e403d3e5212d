package statebench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Up to which event of the stream the source may go, as a file says that whoever watches the job replaces: there it waits. */
final class Gate {
  private static final long PAUSE_MS = 2;

  /** Null where nothing holds the source up. */
  private final Path file;
  private long event;

  Gate(String file) throws IOException {
    this.file = file == null ? null : Path.of(file);
    event = read();
  }

  boolean isBefore(long next) throws IOException {
    if (next >= event) event = read();
    return next >= event;
  }

  /** Short enough for a checkpoint not to notice. */
  void pause() throws InterruptedException {
    Thread.sleep(PAUSE_MS);
  }

  private long read() throws IOException {
    return file == null ? Long.MAX_VALUE : Long.parseLong(Files.readString(file));
  }
}
