export interface Film {
  id: number
  title: string
  year: number
  director: string
  country: string
  minutes: number
  genre: string
  rating: number
  votes: number
  /** Two colours of its poster. */
  colors: [string, string]
}

/** A fresh copy each time, since visitors rate the films. */
export function filmLibrary(): { films: Film[] } {
  return {
    films: FILMS.map(([title, year, director, country, minutes, genre, rating, votes, from, to], index) => ({
      id: index + 1,
      title,
      year,
      director,
      country,
      minutes,
      genre,
      rating,
      votes,
      colors: [from, to],
    })),
  }
}

// prettier-ignore
const FILMS: [string, number, string, string, number, string, number, number, string, string][] = [
  ['Metropolis', 1927, 'Fritz Lang', 'Germany', 153, 'Science fiction', 8.3, 1894, '#b08d3c', '#2a2118'],
  ['M', 1931, 'Fritz Lang', 'Germany', 117, 'Thriller', 8.3, 1702, '#8d1b1b', '#1c1414'],
  ['Casablanca', 1942, 'Michael Curtiz', 'United States', 102, 'Drama', 8.5, 6120, '#c9a66b', '#3b2f26'],
  ['Bicycle Thieves', 1948, 'Vittorio De Sica', 'Italy', 89, 'Drama', 8.3, 1811, '#7f8c8d', '#2c3335'],
  ['Rashomon', 1950, 'Akira Kurosawa', 'Japan', 88, 'Crime', 8.1, 1850, '#6b7f5e', '#20281c'],
  ['Singin’ in the Rain', 1952, 'Stanley Donen', 'United States', 103, 'Musical', 8.3, 2675, '#f2c14e', '#30638e'],
  ['Tokyo Story', 1953, 'Yasujirō Ozu', 'Japan', 137, 'Drama', 8.1, 722, '#b56576', '#355070'],
  ['Seven Samurai', 1954, 'Akira Kurosawa', 'Japan', 207, 'Adventure', 8.6, 3771, '#8a817c', '#22201e'],
  ['Rear Window', 1954, 'Alfred Hitchcock', 'United States', 112, 'Thriller', 8.5, 5347, '#d98f5c', '#4b2e2b'],
  ['Pather Panchali', 1955, 'Satyajit Ray', 'India', 125, 'Drama', 8.2, 412, '#7a9e7e', '#31493c'],
  ['The Seventh Seal', 1957, 'Ingmar Bergman', 'Sweden', 96, 'Fantasy', 8.1, 2042, '#9aa5b1', '#1f2933'],
  ['Vertigo', 1958, 'Alfred Hitchcock', 'United States', 128, 'Mystery', 8.2, 4409, '#e4572e', '#3c1518'],
  ['Breathless', 1960, 'Jean-Luc Godard', 'France', 90, 'Crime', 7.7, 917, '#e0e1dd', '#415a77'],
  ['8½', 1963, 'Federico Fellini', 'Italy', 138, 'Drama', 8.0, 1297, '#d6ccc2', '#463f3a'],
  ['Playtime', 1967, 'Jacques Tati', 'France', 124, 'Comedy', 7.9, 268, '#8ecae6', '#4a6572'],
  ['2001: A Space Odyssey', 1968, 'Stanley Kubrick', 'United Kingdom', 149, 'Science fiction', 8.3, 7352, '#ef233c', '#0b090a'],
  ['Stalker', 1979, 'Andrei Tarkovsky', 'Soviet Union', 162, 'Science fiction', 8.1, 1469, '#a68a64', '#333d29'],
  ['Blade Runner', 1982, 'Ridley Scott', 'United States', 117, 'Science fiction', 8.1, 8436, '#ff7b00', '#14213d'],
  ['My Neighbor Totoro', 1988, 'Hayao Miyazaki', 'Japan', 86, 'Fantasy', 8.1, 3985, '#80b918', '#2b5d34'],
  ['Cinema Paradiso', 1988, 'Giuseppe Tornatore', 'Italy', 155, 'Drama', 8.5, 2921, '#e09f3e', '#540b0e'],
  ['In the Mood for Love', 2000, 'Wong Kar-wai', 'Hong Kong', 98, 'Romance', 8.1, 1779, '#c1121f', '#2d0a0d'],
  ['Spirited Away', 2001, 'Hayao Miyazaki', 'Japan', 125, 'Fantasy', 8.6, 9012, '#f28482', '#3d5a80'],
  ['A Separation', 2011, 'Asghar Farhadi', 'Iran', 123, 'Drama', 8.3, 2656, '#84a59d', '#3a4f50'],
  ['Parasite', 2019, 'Bong Joon-ho', 'South Korea', 132, 'Thriller', 8.5, 10412, '#a3b18a', '#1b1f1a'],
]
