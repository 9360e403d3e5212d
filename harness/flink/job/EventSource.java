package statebench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The events of an {@link EventFile}. Of P subtasks, subtask s has every Pth event from s on, so that all are at the same event time.
 *
 * <p>Watermarks are those of the workload: after every so many events of the stream the greatest time seen, by this subtask, less the
 * delay. With one subtask they come exactly where the oracle has them. With several, an operator's is the least of theirs, which is
 * never ahead of the oracle's at the same event: nothing is late that is not late there.
 */
final class EventSource implements Source<Tuple2<String, double[]>, EventSource.Part, Set<Integer>> {
  private static final long serialVersionUID = 1;
  /** Emitted in one go: fewer than a checkpoint's barrier could notice having to wait for. */
  private static final int EVENTS_PER_POLL = 64;

  record Settings(
      String file, String gateFile, String progressFolder, long events, int width, int keyBytes, int keyPrefixBytes, long delayMs, long everyEvents, int subtasks)
      implements Serializable {}

  /** What a subtask has: {@code next} is its own next event, counted from 0. */
  static final class Part implements SourceSplit {
    /** Before every event, and long enough to be moved by a delay. */
    private static final long NEVER = Long.MIN_VALUE / 2;

    final int subtask;
    long next;
    long greatestTime;
    /** The last one that was given. */
    long watermark;

    Part(int subtask) {
      this(subtask, 0, NEVER, NEVER);
    }

    Part(int subtask, long next, long greatestTime, long watermark) {
      this.subtask = subtask;
      this.next = next;
      this.greatestTime = greatestTime;
      this.watermark = watermark;
    }

    Part copy() {
      return new Part(subtask, next, greatestTime, watermark);
    }

    @Override
    public String splitId() {
      return String.valueOf(subtask);
    }
  }

  private final Settings settings;

  EventSource(Settings settings) {
    this.settings = settings;
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.BOUNDED;
  }

  @Override
  public SourceReader<Tuple2<String, double[]>, Part> createReader(SourceReaderContext context) {
    return new Reader(settings);
  }

  @Override
  public SplitEnumerator<Part, Set<Integer>> createEnumerator(SplitEnumeratorContext<Part> context) {
    Set<Integer> all = new HashSet<>();
    for (int subtask = 0; subtask < settings.subtasks; subtask++) all.add(subtask);
    return new Enumerator(context, all);
  }

  @Override
  public SplitEnumerator<Part, Set<Integer>> restoreEnumerator(SplitEnumeratorContext<Part> context, Set<Integer> unassigned) {
    return new Enumerator(context, new HashSet<>(unassigned));
  }

  @Override
  public SimpleVersionedSerializer<Part> getSplitSerializer() {
    return new PartSerializer();
  }

  @Override
  public SimpleVersionedSerializer<Set<Integer>> getEnumeratorCheckpointSerializer() {
    return new UnassignedSerializer();
  }

  private static final class Reader implements SourceReader<Tuple2<String, double[]>, Part> {
    private final Settings settings;
    private final CompletableFuture<Void> assigned = new CompletableFuture<>();
    private EventFile file;
    private Gate gate;
    private Progress progress;
    private Part part;

    Reader(Settings settings) {
      this.settings = settings;
    }

    @Override
    public void start() {}

    @Override
    public InputStatus pollNext(ReaderOutput<Tuple2<String, double[]>> output) throws Exception {
      if (part == null) return InputStatus.NOTHING_AVAILABLE;
      if (file == null) {
        file = new EventFile(settings.file, settings.events, settings.width, settings.keyBytes, settings.keyPrefixBytes);
        gate = new Gate(settings.gateFile);
        progress = new Progress(settings.progressFolder, part.subtask, part.next);
        // Operators forget it with a restore, and would then take events that are late.
        if (part.watermark != Part.NEVER) output.emitWatermark(new Watermark(part.watermark));
      }
      for (int i = 0; i < EVENTS_PER_POLL; i++) {
        long event = part.next * settings.subtasks + part.subtask;
        if (gate.isBefore(event)) {
          gate.pause();
          break;
        }
        if (event >= settings.events) {
          progress.end(part.next);
          return InputStatus.END_OF_INPUT;
        }
        long time = file.time(event);
        output.collect(Tuple2.of(file.key(event), file.numbers(event)), time);
        if (time > part.greatestTime) part.greatestTime = time;
        part.next++;
        // Of the subtask's events the last that lies before the end of every so many events of the stream.
        if ((event + settings.subtasks) / settings.everyEvents > event / settings.everyEvents) {
          part.watermark = part.greatestTime - settings.delayMs;
          output.emitWatermark(new Watermark(part.watermark));
        }
      }
      progress.at(part.next);
      return InputStatus.MORE_AVAILABLE;
    }

    @Override
    public List<Part> snapshotState(long checkpointId) {
      return part == null ? List.of() : List.of(part.copy());
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return assigned;
    }

    @Override
    public void addSplits(List<Part> parts) {
      if (parts.size() != 1 || part != null) throw new IllegalStateException("a subtask has one part, not " + parts.size() + " more");
      part = parts.get(0);
      assigned.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() throws IOException {
      if (progress != null) progress.close();
    }
  }

  /** Gives every subtask its own part, whichever asks first. */
  private static final class Enumerator implements SplitEnumerator<Part, Set<Integer>> {
    private final SplitEnumeratorContext<Part> context;
    private final Set<Integer> unassigned;

    Enumerator(SplitEnumeratorContext<Part> context, Set<Integer> unassigned) {
      this.context = context;
      this.unassigned = unassigned;
    }

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addSplitsBack(List<Part> parts, int subtask) {
      for (Part part : parts) unassigned.add(part.subtask);
    }

    @Override
    public void addReader(int subtask) {
      if (unassigned.remove(subtask)) context.assignSplit(new Part(subtask), subtask);
    }

    @Override
    public Set<Integer> snapshotState(long checkpointId) {
      return new HashSet<>(unassigned);
    }

    @Override
    public void close() {}
  }

  private static final class PartSerializer implements SimpleVersionedSerializer<Part> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(Part part) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(part.subtask);
      out.writeLong(part.next);
      out.writeLong(part.greatestTime);
      out.writeLong(part.watermark);
      return bytes.toByteArray();
    }

    @Override
    public Part deserialize(int version, byte[] bytes) throws IOException {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      return new Part(in.readInt(), in.readLong(), in.readLong(), in.readLong());
    }
  }

  private static final class UnassignedSerializer implements SimpleVersionedSerializer<Set<Integer>> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(Set<Integer> unassigned) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(unassigned.size());
      for (int subtask : unassigned) out.writeInt(subtask);
      return bytes.toByteArray();
    }

    @Override
    public Set<Integer> deserialize(int version, byte[] bytes) throws IOException {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      Set<Integer> unassigned = new HashSet<>();
      for (int left = in.readInt(); left > 0; left--) unassigned.add(in.readInt());
      return unassigned;
    }
  }
}
